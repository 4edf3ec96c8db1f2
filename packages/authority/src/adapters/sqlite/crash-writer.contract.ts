import { randomBytes } from "node:crypto";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import { digestOfToken } from "../../tokens/token-digest.ts";
import { timeOrderedId } from "../../tokens/token-id.ts";
import { accountName, eventNamed, grant, publisher, use } from "../store-fixtures.contract.ts";
import { openAuthorityDatabase } from "./authority-database.ts";
import { SqliteAccountStore } from "./sqlite-account-store.ts";
import { SqliteGrantLedger } from "./sqlite-grant-ledger.ts";
import { SqlitePublisherStore } from "./sqlite-publisher-store.ts";
import { SqliteTokenStore } from "./sqlite-token-store.ts";

/**
 * Runs in a process of its own, to be killed: makes grants and personal tokens from eight loops at once, and prints the id of each once
 * the store has promised that it is there.
 */
const [path] = process.argv.slice(2);
if (path === undefined) throw new Error("the path of a database is needed");

const database = await openAuthorityDatabase({ path, nowMs: Date.now });
const ledger = new SqliteGrantLedger(database);
const tokens = new SqliteTokenStore(database);
const ada = accountName("ada");
const now = epochSeconds(Date.now() / 1000);
await new SqlitePublisherStore(database).add(publisher("p-1"), eventNamed("publisher.add"));
await new SqliteAccountStore(database).addUser(
  { name: ada, fullname: "ada", email: undefined, isAdmin: false, createdAt: now },
  eventNamed("user.create"),
);

async function write(): Promise<never> {
  for (;;) {
    const grantId = timeOrderedId(now, randomBytes(16));
    const issued = { ...eventNamed("token.exchange"), detail: { token_id: grantId } };
    await ledger.issue({ ...use(), replayKey: grantId }, grant(grantId), issued);
    process.stdout.write(`${grantId}\n`);

    const tokenId = timeOrderedId(now, randomBytes(16));
    const created = { ...eventNamed("token.create"), detail: { token_id: tokenId } };
    const digest = digestOfToken(tokenId);
    await tokens.addPersonal({ id: tokenId, user: ada, name: "x", role: "read", digest, createdAt: now }, created);
    process.stdout.write(`${tokenId}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, write));
