import { describe } from "vitest";
import { describeAccountStore } from "../account-store.contract.ts";
import { describeAttemptStore } from "../attempt-store.contract.ts";
import { describeGrantLedger } from "../grant-ledger.contract.ts";
import { describeIssuerStore } from "../issuer-store.contract.ts";
import { describePublisherStore } from "../publisher-store.contract.ts";
import { describeTokenStore } from "../token-store.contract.ts";
import { openSqliteStores } from "./temporary-database.contract.ts";

describe("SQLite", () => {
  describeGrantLedger(openSqliteStores);
  describePublisherStore(openSqliteStores);
  describeIssuerStore(openSqliteStores);
  describeAccountStore(openSqliteStores);
  describeTokenStore(openSqliteStores);
  describeAttemptStore(openSqliteStores);
});
