import type { Access, Bearer, Operation } from "./axes.ts";
import { BEARERS } from "./axes.ts";

/** What an operation asks of the repo. */
type Need = "know oneself" | "see" | "read files" | "write" | "propose" | "take part" | "administer";

const NEEDS: Readonly<Record<Operation, Need>> = {
  whoami: "know oneself",
  info: "see",
  "list the tree": "see",
  "check access": "read files",
  "download a small file": "read files",
  "download a large file": "read files",
  clone: "read files",
  "upload small and large files": "write",
  push: "write",
  "push large files": "write",
  "create a branch": "write",
  "delete a file": "write",
  "open a pull request": "propose",
  "open a discussion": "take part",
  "list discussions": "see",
  "change settings": "administer",
  "delete the repo": "administer",
};

/** What the hub says to one bearer; `yes` or the key of a refusal below. */
type Verdict = "yes" | "login" | "bad token" | "hidden" | "gated" | "role" | "other" | "job";
type Row = readonly [Verdict, Verdict, Verdict, Verdict, Verdict, Verdict];

// The whole policy, written down and not computed: bearers in the order of BEARERS (nobody, reader, writer, this job, other job, owner).
const OPEN: Row = ["yes", "yes", "yes", "yes", "yes", "yes"];
const HIDDEN: Row = ["hidden", "yes", "yes", "yes", "hidden", "yes"];
const WRITING: Row = ["login", "role", "yes", "yes", "other", "yes"];
const TAKING_PART: Row = ["login", "yes", "yes", "yes", "other", "yes"];
const ADMINISTERING: Row = ["login", "role", "role", "job", "job", "yes"];
const RULES: Readonly<Record<Need, Readonly<Record<Access, Row>>>> = {
  "know oneself": {
    public: ["bad token", "yes", "yes", "yes", "yes", "yes"],
    private: ["bad token", "yes", "yes", "yes", "yes", "yes"],
    gated: ["bad token", "yes", "yes", "yes", "yes", "yes"],
  },
  see: { public: OPEN, private: HIDDEN, gated: OPEN },
  "read files": { public: OPEN, private: HIDDEN, gated: ["gated", "yes", "yes", "yes", "gated", "yes"] },
  write: { public: WRITING, private: ["hidden", "role", "yes", "yes", "hidden", "yes"], gated: WRITING },
  propose: { public: TAKING_PART, private: HIDDEN, gated: ["gated", "yes", "yes", "yes", "gated", "yes"] },
  "take part": { public: TAKING_PART, private: HIDDEN, gated: TAKING_PART },
  administer: {
    public: ADMINISTERING,
    private: ["hidden", "role", "role", "job", "hidden", "yes"],
    gated: ADMINISTERING,
  },
};

/** A refusal as it crosses the wire (hub-wire §1.2): every client makes its own error of it. */
export interface Refusal {
  readonly status: 401 | 403 | 404;
  readonly code: "RepoNotFound" | "GatedRepo" | undefined;
  /** A part of the hub's own sentence. */
  readonly words: string;
}

/** What the hub must answer. @returns `undefined` where it must allow. */
export function refusalFor(operation: Operation, access: Access, bearer: Bearer): Refusal | undefined {
  const need = NEEDS[operation];
  const verdict = RULES[need][access][BEARERS.indexOf(bearer)];
  if (verdict === undefined) throw new Error(`no rule for ${operation} by ${bearer}`);
  const anonymous = bearer === "nobody";
  switch (verdict) {
    case "yes":
      return undefined;
    case "login":
      return { status: 401, code: undefined, words: "You are not logged in." };
    case "bad token":
      return { status: 401, code: undefined, words: "You are not logged in" };
    case "hidden":
      return { status: anonymous ? 401 : 404, code: "RepoNotFound", words: "Repository not found" };
    case "gated":
      return anonymous
        ? { status: 401, code: "GatedRepo", words: "You must have access to it and be authenticated" }
        : { status: 403, code: "GatedRepo", words: "is restricted, and this token is good for another repo only" };
    case "role": {
      const role = need === "administer" ? "admin" : "write";
      return { status: 403, code: undefined, words: `You need the ${role} role in acme.` };
    }
    case "other":
      return { status: 403, code: undefined, words: "This token is good for another repo only." };
    case "job":
      return {
        status: 403,
        code: undefined,
        words: "A token from a trusted publisher cannot change a repo's settings.",
      };
  }
}
