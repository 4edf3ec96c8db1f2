import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AnonymousPrincipal, Principal, UserPrincipal } from "@postern/core/access/principal";
import type { AuditEvent } from "@postern/core/audit/audit-event";
import { HubError } from "@postern/core/error/hub-error";
import { Refusal } from "@postern/core/error/refusal";
import { parseAccountName } from "@postern/core/resource/account-name";
import type { RepoKind } from "@postern/core/resource/repo-kind";
import { parseRepoRef, type RepoRef } from "@postern/core/resource/repo-ref";
import type { Clock } from "@postern/core/time/clock";
import { epochSeconds } from "@postern/core/time/epoch-seconds";
import Fastify, { type FastifyInstance } from "fastify";
import type { Gatekeeper } from "../access/gatekeeper.ts";
import { GitRepositoriesOnDisk } from "../adapters/git/git-repositories-on-disk.ts";
import { HubDatabase } from "../adapters/sqlite/hub-database.ts";
import { SqliteAccessRequests } from "../adapters/sqlite/sqlite-access-requests.ts";
import { SqliteDiscussions } from "../adapters/sqlite/sqlite-discussions.ts";
import { SqliteLfsLinks } from "../adapters/sqlite/sqlite-lfs-links.ts";
import { SqliteProvenanceStore } from "../adapters/sqlite/sqlite-provenance-store.ts";
import { SqliteRepoCatalogue } from "../adapters/sqlite/sqlite-repo-catalogue.ts";
import { SqliteRepoNames } from "../adapters/sqlite/sqlite-repo-names.ts";
import { BranchLocks } from "../commits/branch-locks.ts";
import type { LfsObjects } from "../lfs/lfs-objects.ts";
import { CommitProvenance } from "../provenance/commit-provenance.ts";
import { newSigner } from "../provenance/new-signer.contract.ts";
import { ProvenanceNotes } from "../provenance/provenance-notes.ts";
import type { ProvenanceSigner } from "../provenance/provenance-signer.ts";
import { createRepo } from "../repos/create-repo.ts";
import type { StoredRepo } from "../repos/repo-catalogue.ts";
import { settleRepos } from "../repos/settle-repos.ts";
import { type HubRoutesDeps, registerHubRoutes } from "./hub-routes.ts";
import { redirectMovedRepos } from "./redirect-moved-repos.ts";

const ANONYMOUS: AnonymousPrincipal = { kind: "anonymous" };

/** A person with a token. Role `write` on their own namespace unless changed. */
export function person(name: string, change: Partial<UserPrincipal> = {}): UserPrincipal {
  const account = parseAccountName(name);
  if (account === undefined) throw new Error(`no account name: ${name}`);
  return {
    kind: "user",
    name: account,
    fullname: name,
    email: undefined,
    isAdmin: false,
    memberships: [],
    tokenId: `token-of-${name}`,
    tokenName: "test",
    tokenRole: "write",
    ...change,
  };
}

/** A job that holds an exchanged token for one repo. */
export function jobFor(repo: StoredRepo, access: "read" | "write" = "write"): Principal {
  return {
    kind: "repo-workload",
    tokenId: "token-of-job",
    repo: repo.repo,
    repoId: repo.repoId,
    access,
    expiresAt: epochSeconds(4_000_000_000),
    origin: {
      issuer: "https://token.actions.githubusercontent.com",
      subject: "repo:acme/train:ref:refs/heads/main",
      provider: "github",
      publisherId: "publisher-1",
      runUrl: "https://github.com/acme/train/actions/runs/1",
      source: { repository: "acme/train", repositoryId: "456789", ref: "refs/heads/main" },
    },
  };
}

/** @throws {Error} when the id breaks the grammar. */
export function repoRef(id: string, kind: RepoKind = "model"): RepoRef {
  const [namespace = "", name = ""] = id.split("/");
  const repo = parseRepoRef(kind, namespace, name);
  if (repo === undefined) throw new Error(`no repo id: ${id}`);
  return repo;
}

/** A hub on real git and a real database in a temporary directory, with fixed principals instead of an authority. */
export class HubHarness implements AsyncDisposable {
  readonly directory: string;
  readonly app: FastifyInstance;
  readonly deps: HubRoutesDeps;
  readonly git: GitRepositoriesOnDisk;
  readonly catalogue: SqliteRepoCatalogue;
  readonly database: HubDatabase;
  /** Token → whom it names. */
  readonly principals: Map<string, Principal> = new Map();
  /** Everything recorded, oldest first. */
  readonly audited: AuditEvent[] = [];
  /** `repoId` + space + SHA-256 → size. */
  readonly linked: Map<string, number> = new Map();
  readonly statements: SqliteProvenanceStore;
  readonly signer: ProvenanceSigner = newSigner();
  readonly notes: ProvenanceNotes;
  readonly noteFailures: unknown[] = [];
  /** Makes the audit log refuse. */
  auditFails = false;

  readonly #keep: boolean;

  private constructor(directory: string, database: HubDatabase, keep: boolean) {
    this.#keep = keep;
    this.directory = directory;
    this.database = database;
    this.catalogue = new SqliteRepoCatalogue(database);
    this.statements = new SqliteProvenanceStore(database);
    this.git = new GitRepositoriesOnDisk({
      dataDirectory: directory,
      nonce: () => randomBytes(8).toString("hex"),
      startedAtMs: Date.now(),
    });
    const isLinked = async (repoId: string, oid: string): Promise<number | undefined> =>
      this.linked.get(`${repoId} ${oid}`);
    const lfs: LfsObjects = { isLinked, claim: isLinked };
    const clock: Clock = { now: () => epochSeconds(Date.now() / 1000) };
    const locks = new BranchLocks();
    this.notes = new ProvenanceNotes({
      store: this.statements,
      git: this.git,
      locks,
      clock,
      onFailure: (cause) => this.noteFailures.push(cause),
    });
    this.deps = {
      gatekeeper: this.#gatekeeper(),
      catalogue: this.catalogue,
      accessRequests: new SqliteAccessRequests(database),
      discussions: new SqliteDiscussions(database),
      newEventId: () => randomBytes(12).toString("hex"),
      git: this.git,
      storage: this.git,
      lfs,
      lfsFiles: new SqliteLfsLinks(database),
      audit: { record: (event) => this.#record(event) },
      clock,
      newRepoId: () => randomBytes(12).toString("hex"),
      moves: {
        move: async (move, event) => {
          await this.#record(event);
          return database.write(() => new SqliteRepoNames(database).move(move));
        },
      },
      locks,
      signer: this.signer,
      statements: this.statements,
      provenance: new CommitProvenance({
        signer: this.signer,
        store: this.statements,
        clock,
        publicUrl: "https://hub.example",
        onMoved: (repoId) => this.notes.request(repoId),
      }),
      limits: { maxBodyBytes: 64 * 1024 * 1024, maxLineBytes: 24 * 1024 * 1024 },
    };
    this.app = Fastify({ routerOptions: { maxParamLength: 300 } });
    this.app.setErrorHandler((error, _request, reply) => {
      const refusal = error instanceof Refusal ? error : undefined;
      const wire = refusal?.wire() ?? { status: 500, headers: {}, body: { error: String(error) } };
      return reply
        .code(wire.status)
        .headers({ ...wire.headers, "x-error-message": refusal?.message.replaceAll(/[^\x20-\x7e]/g, "?") ?? "" })
        .send(wire.body);
    });
  }

  /**
   * @param register - Adds routes beside the hub's own before the server starts.
   * @param kept - A data directory that is there already and stays afterwards.
   */
  static async start(register: (harness: HubHarness) => void = () => {}, kept?: string): Promise<HubHarness> {
    const directory = kept ?? (await mkdtemp(join(tmpdir(), "postern-hub-")));
    const harness = new HubHarness(
      directory,
      await HubDatabase.open(join(directory, "postern.db")),
      kept !== undefined,
    );
    await settleRepos(harness.catalogue, harness.git);
    harness.principals.set("hf_ada", person("ada"));
    harness.principals.set("hf_bob", person("bob"));
    redirectMovedRepos(harness.app, harness.deps);
    registerHubRoutes(harness.app, harness.deps);
    register(harness);
    await harness.app.ready();
    return harness;
  }

  /** A repo that exists, made by its owner. */
  async repo(id: string, visibility: "public" | "private" = "public", kind: RepoKind = "model"): Promise<StoredRepo> {
    const ref = repoRef(id, kind);
    const caller = { principal: person(ref.namespace), requestId: "setup", sourceAddress: undefined };
    const { repo } = await createRepo(this.deps, caller, { repo: ref, visibility, files: [] });
    this.audited.length = 0;
    return repo;
  }

  /** The listening origin, for clients that need a real socket. */
  async listen(): Promise<string> {
    return await this.app.listen({ host: "127.0.0.1", port: 0 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.close();
    await this.notes.close();
    this.git.close();
    this.database.close();
    if (!this.#keep) await rm(this.directory, { recursive: true, force: true });
  }

  async #record(event: AuditEvent): Promise<void> {
    if (this.auditFails) throw new HubError(503, "Unavailable", "The audit log cannot be written.");
    this.audited.push(event);
  }

  #gatekeeper(): Gatekeeper {
    const accounts = ["ada", "bob", "acme"];
    return {
      identify: async (authorization) => {
        if (authorization === undefined) return ANONYMOUS;
        const principal = this.principals.get(authorization.replace(/^Bearer /, ""));
        if (principal !== undefined) return principal;
        throw new HubError(401, "InvalidCredentials", "Invalid credentials in Authorization header");
      },
      isTokenLive: async () => true,
      worksFrom: async () => true,
      findAccount: async (name) => accounts.find((account) => account === name.toLowerCase()),
      findUser: async (name) => {
        const account = accounts.find((account) => account === name.toLowerCase() && account !== "acme");
        return account === undefined ? undefined : { name: account, fullname: account };
      },
    };
  }
}
