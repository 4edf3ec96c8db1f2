/** What stands on the page of a code beside its meaning: the same for every code of a family (`TP17`). */
export interface ErrorHelp {
  /** Who can change something. */
  readonly who: string;
  /** Commands that show more, each with what it is for. */
  readonly commands: readonly (readonly [command: string, purpose: string])[];
  /** Lines that the answer carries beside its sentence, as an example. */
  readonly lines?: readonly string[];
}

const DOCTOR = ["postern doctor", "inside the job: shows what its id token says and what to change"] as const;
const ATTEMPTS = [
  "postern publisher attempts NAMESPACE/NAME",
  "for the owner: what the job sent, what is configured, and the command that lets it in",
] as const;

const HELP: Readonly<Record<string, ErrorHelp>> = {
  TP10: { who: "Whoever wrote the client that sends the request.", commands: [] },
  TP11: { who: "Whoever wrote the job.", commands: [DOCTOR] },
  TP12: {
    who: "An administrator of this server.",
    commands: [
      ["postern issuer add --provider PROVIDER --url ISSUER", "for an administrator: believes the issuer from now on"],
      ["postern issuer list", "the issuers that are believed"],
    ],
  },
  TP13: { who: "Whoever runs the issuer; often waiting helps.", commands: [DOCTOR] },
  TP14: { who: "Whoever wrote the job, or whoever sets the clocks.", commands: [DOCTOR] },
  TP15: {
    who: "Whoever wrote the job: the token must be requested for this server's own address.",
    commands: [DOCTOR],
    lines: ["Expected https://hub.example, got https://other.example."],
  },
  TP16: { who: "Whoever wrote the job.", commands: [DOCTOR] },
  TP17: {
    who: "The owner of the resource. For whoever is no owner, a missing resource looks the same.",
    commands: [DOCTOR, ATTEMPTS, ["postern publisher add NAMESPACE/NAME --help", "for the owner: trusts a job"]],
    lines: ["The token says repository_id: 456789", "The token says branch: main"],
  },
  TP18: {
    who: "Whoever wrote the job, or the owner of the resource.",
    commands: [DOCTOR, ATTEMPTS],
    lines: ["repository_id: ok (456789)", "branch: expected main, got dev"],
  },
  TP1912: {
    who: "An administrator of the resource. Its former owner's jobs are refused as well until then.",
    commands: [
      ["postern publisher list NAMESPACE/NAME", "shows which publisher is frozen, and what changed"],
      [
        "postern publisher confirm NAMESPACE/NAME ID",
        "shows the old and the new owner, asks, and takes over the new one",
      ],
      ["postern publisher confirm NAMESPACE/NAME ID --keep", "keeps the old owner, for a project that came back"],
      ["postern publisher remove NAMESPACE/NAME ID", "if the new owner is none of yours"],
    ],
    lines: ["repository_id: ok (456789)", "repository_owner_id: expected 123456, got 777"],
  },
  TP19: { who: "It depends on the rule; the sentence above names it.", commands: [DOCTOR, ATTEMPTS] },
};

const NOTHING: ErrorHelp = { who: "An administrator of this server.", commands: [] };

/** @param code - `TP1802`; a code of its own is looked up before its family. */
export function errorHelpOf(code: string): ErrorHelp {
  return HELP[code] ?? HELP[code.slice(0, 4)] ?? NOTHING;
}
