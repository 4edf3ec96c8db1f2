import { addSeconds, type EpochSeconds } from "@postern/core/time/epoch-seconds";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventNamed, grant, NOW, publisher, use } from "../store-fixtures.contract.ts";
import { openAuthorityDatabase } from "./authority-database.ts";
import { SqliteGrantLedger } from "./sqlite-grant-ledger.ts";
import { SqlitePublisherStore } from "./sqlite-publisher-store.ts";
import { type TemporaryDatabase, temporaryDatabase } from "./temporary-database.contract.ts";

let stage: TemporaryDatabase;
let uses = 0;

beforeEach(async () => {
  stage = await temporaryDatabase();
  await new SqlitePublisherStore(stage.database).add(publisher("p-1"), eventNamed("publisher.add"));
});
afterEach(() => stage.remove());

async function useAt(issuedAt: EpochSeconds): Promise<void> {
  uses += 1;
  const spent = { ...use(), replayKey: `jti-${uses}` };
  await new SqliteGrantLedger(stage.database).issue(
    spent,
    { ...grant(`t-${uses}`), issuedAt },
    eventNamed("token.exchange"),
  );
}

function stored(): unknown {
  return stage.database.connection.prepare("select last_used_at from publishers where id = 'p-1'").pluck().get();
}

describe("LastUses", () => {
  it("shows a use at once and writes it in the background", async () => {
    await useAt(NOW);
    expect((await new SqlitePublisherStore(stage.database).find("p-1"))?.lastUsedAt).toBe(NOW);
    expect(stored()).toBeNull();
    await stage.database.lastUses.write();
    expect(stored()).toBe(NOW);
    expect(stage.database.lastUses.waiting("p-1")).toBeUndefined();
  });

  it("writes once an hour, however often a publisher is used", async () => {
    await useAt(NOW);
    await stage.database.lastUses.write();
    await useAt(addSeconds(NOW, 3599));
    await stage.database.lastUses.write();
    expect(stored()).toBe(NOW);
    await useAt(addSeconds(NOW, 3600));
    await stage.database.lastUses.write();
    expect(stored()).toBe(NOW + 3600);
  });

  it("writes in turns of a limited size until nothing waits", async () => {
    const ids = Array.from({ length: 120 }, (_, index) => `p-${index}`);
    for (const id of ids) stage.database.lastUses.note(id, null, NOW);
    await stage.database.lastUses.write(70);
    expect(ids.filter((id) => stage.database.lastUses.waiting(id) !== undefined)).toHaveLength(50);
    await stage.database.lastUses.write();
    expect(ids.filter((id) => stage.database.lastUses.waiting(id) !== undefined)).toHaveLength(0);
  });

  it("writes what waits when the database is closed", async () => {
    await useAt(NOW);
    await stage.database.close();
    const again = await openAuthorityDatabase({ path: stage.path, nowMs: () => NOW * 1000 });
    const row = again.connection.prepare("select last_used_at from publishers where id = 'p-1'").pluck().get();
    await again.close();
    expect(row).toBe(NOW);
  });
});
