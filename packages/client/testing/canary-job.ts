// One job in a process of its own: logs in keylessly as its environment says and prints the token, or the whole error.
import { inspect } from "node:util";
import { getToken } from "../src/index.ts";

try {
  console.log(await getToken());
} catch (error) {
  console.error(inspect(error, { depth: 10, showHidden: true }));
  process.exitCode = 1;
}
