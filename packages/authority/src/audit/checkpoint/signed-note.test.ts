import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { checkpointText, parseCheckpoint } from "./checkpoint.ts";
import { noteKey, noteKeyText, parseNoteKey } from "./note-key.ts";
import { noteListItem, notesOf } from "./note-list.ts";
import { openNote, signNote, unverifiedNoteText } from "./signed-note.ts";

/** From the documentation and tests of golang.org/x/mod/sumdb/note, where the format comes from. */
const GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_SEED = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const GO_NOTE = `${GO_TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const KEY = noteKey("hub.example/audit", publicKey);
const TEXT = "hub.example/audit\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
const NOTE = signNote(TEXT, KEY, privateKey);

describe("the notes of Go's module checksum database", () => {
  const key = parseNoteKey(GO_KEY);

  it("its key is read and written as it is", () => {
    expect(key).toMatchObject({ name: "PeterNeumann", id: "c74f20a3" });
    expect(key === undefined ? "" : noteKeyText(key)).toBe(GO_KEY);
  });

  it("its note is signed by its key", () => {
    expect(key === undefined ? "" : openNote(GO_NOTE, key)).toEqual({ kind: "signed", text: GO_TEXT });
  });

  it("its key signs the same note here, byte for byte", () => {
    const pkcs8 = Buffer.concat([
      Buffer.from("302e020100300506032b657004220420", "hex"),
      Buffer.from(GO_SEED, "base64").subarray(1),
    ]);
    const seed = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
    expect(key === undefined ? "" : signNote(GO_TEXT, key, seed)).toBe(GO_NOTE);
  });
});

describe("openNote", () => {
  it("passes signatures of other keys over", () => {
    const other = generateKeyPairSync("ed25519");
    const cosignature = signNote(TEXT, noteKey("witness.example", other.publicKey), other.privateKey).split("\n\n")[1];
    expect(openNote(`${NOTE}${cosignature}`, KEY)).toMatchObject({ kind: "signed" });
    expect(openNote(`${TEXT}\n${cosignature}`, KEY)).toEqual({ kind: "unsigned" });
  });

  it("passes a signature of another key with the same name over", () => {
    const other = generateKeyPairSync("ed25519");
    const note = signNote(TEXT, noteKey(KEY.name, other.publicKey), other.privateKey);
    expect(openNote(note, KEY)).toEqual({ kind: "unsigned" });
  });

  it("finds a changed text", () => {
    expect(openNote(NOTE.replace("\n7\n", "\n8\n"), KEY)).toEqual({ kind: "forged" });
  });

  it.each([
    ["no signature", `${TEXT}\n`],
    ["no empty line", NOTE.replace("\n\n", "\n")],
    ["no last line feed", NOTE.slice(0, -1)],
    ["a carriage return", NOTE.replace("\n7\n", "\r\n7\n")],
    ["a hyphen for the dash", NOTE.replace("— ", "- ")],
    ["a signature that is no base64", NOTE.replace("=\n", "*\n").replace(/.\n$/, "*\n")],
    ["a second blank", NOTE.replace("— ", "—  ")],
    ["nothing", ""],
  ])("refuses a note with %s", (_name, note) => {
    expect(openNote(note, KEY)).toEqual({ kind: "malformed" });
    expect(unverifiedNoteText(note)).toBeUndefined();
  });
});

describe("parseNoteKey", () => {
  it.each([
    "",
    "PeterNeumann",
    "PeterNeumann+c74f20a3+",
    GO_KEY.replace("c74f20a3", "c74f20a4"),
    GO_KEY.replace("ARpc", "AhpC"),
    GO_KEY.replace("Peter", "Peter "),
    GO_KEY.slice(0, -4),
  ])("refuses %j", (text) => {
    expect(parseNoteKey(text)).toBeUndefined();
  });
});

describe("checkpoints", () => {
  it("are read as they are written", () => {
    const checkpoint = { origin: "hub.example/audit", size: 3, root: Buffer.alloc(32, 7), head: "a".repeat(64) };
    expect(parseCheckpoint(checkpointText(checkpoint))).toEqual(checkpoint);
    expect(checkpointText(checkpoint).split("\n")).toHaveLength(5);
  });

  it("of other logs are read without our extension line", () => {
    expect(parseCheckpoint(TEXT)).toMatchObject({ size: 7, head: undefined });
    expect(parseCheckpoint(`${TEXT}anything\n`)).toMatchObject({ size: 7, head: undefined });
  });

  it.each([
    ["no origin", TEXT.replace("hub.example/audit", "")],
    ["a size with a leading zero", TEXT.replace("\n7\n", "\n07\n")],
    ["a negative size", TEXT.replace("\n7\n", "\n-7\n")],
    ["a size beyond exact numbers", TEXT.replace("\n7\n", "\n9007199254740993\n")],
    ["a short root", TEXT.replace("CsUY", "")],
    ["an empty extension line", `${TEXT}\n`],
    ["a chain head that is no hash", `${TEXT}chain-head xyz\n`],
    ["two lines only", "hub.example/audit\n7\n"],
    ["no last line feed", TEXT.slice(0, -1)],
  ])("are refused with %s", (_name, text) => {
    expect(parseCheckpoint(text)).toBeUndefined();
  });
});

describe("notesOf", () => {
  it("reads one note after the other", async () => {
    expect(await listed(noteListItem(NOTE) + noteListItem(GO_NOTE))).toEqual([NOTE, GO_NOTE]);
  });

  it("passes over what a crash cut off anywhere, and keeps what follows", async () => {
    for (let cut = 0; cut < NOTE.length; cut += 1) {
      const found = await listed(`${noteListItem(NOTE)}${NOTE.slice(0, cut)}\n\n${noteListItem(NOTE)}`);
      const good = found.filter((note) => openNote(note, KEY).kind === "signed");
      expect(good).toEqual(cut >= NOTE.length - 1 ? [NOTE, NOTE, NOTE] : [NOTE, NOTE]);
    }
  });
});

async function listed(file: string): Promise<readonly string[]> {
  const notes: string[] = [];
  for await (const note of notesOf(file.split("\n"))) notes.push(note);
  return notes;
}
