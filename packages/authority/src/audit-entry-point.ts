export { verifyAuditFile } from "./adapters/audit-export-file.ts";
export { type CheckpointFile, readCheckpointFile } from "./adapters/checkpoint-file.ts";
export { checkpointKeyIn, exportAuditDatabase, verifyAuditDatabase } from "./adapters/sqlite/audit-database-file.ts";
export type { AuditHead } from "./audit/audit-entry.ts";
export type { ChainBreak, ChainExpectation, ChainVerdict } from "./audit/chain-verifier.ts";
export { type NoteKey, noteKeyText, parseNoteKey } from "./audit/checkpoint/note-key.ts";
