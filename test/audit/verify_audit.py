#!/usr/bin/env python3
"""A second verifier of Postern's audit log, written from docs/reference/audit-format.md alone. Python 3.11, standard library only.

    verify_audit.py EXPORT [--checkpoints FILE [--key NAME+ID+KEY]]

Prints one line of JSON: {"kind": "intact", ...} or {"kind": "broken", "reason": ..., "seq": ...}. Exit code 0 or 1.
"""
import argparse, base64, hashlib, json, re, sys


def sha256(data):
    return hashlib.sha256(data).digest()


# --- Ed25519, verification only (RFC 8032 §5.1.7, plain arithmetic) ---
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * SQRT_M1 % P
    if (x * x - x2) % P or (x == 0 and sign):
        raise ValueError("no point of the curve")
    return P - x if x & 1 != sign else x


def decode_point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        raise ValueError("no point of the curve")
    x = recover_x(y, sign)
    return (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, -1, P) % P
BASE_X = recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result


def ed25519_verifies(public, message, signature):
    try:
        a, r = decode_point(public), decode_point(signature[:32])
    except ValueError:
        return False
    s = int.from_bytes(signature[32:], "little")
    if s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    left, right = multiply(s, BASE), add(r, multiply(k, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- Merkle tree (RFC 6962 §2.1) ---
class Tree:
    def __init__(self):
        self.size, self.edge = 0, []

    def append(self, line):
        node, n = sha256(b"\x00" + line), self.size
        while n & 1:
            node, n = sha256(b"\x01" + self.edge.pop() + node), n >> 1
        self.edge.append(node)
        self.size += 1

    def root(self):
        if not self.edge:
            return sha256(b"")
        node = self.edge[-1]
        for left in reversed(self.edge[:-1]):
            node = sha256(b"\x01" + left + node)
        return node


# --- Checkpoints (C2SP signed-note and tlog-checkpoint) ---
def read_checkpoints(path, key_text):
    """Checkpoints as (size, root, head), and how many carry the key's name but not its signature."""
    key = None
    if key_text:
        name, key_id, encoded = key_text.strip().split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        if raw[0] != 1 or len(raw) != 33 or sha256(name.encode() + b"\n" + raw)[:4].hex() != key_id:
            raise SystemExit("this is no Ed25519 key of a signed note")
        key = (name, bytes.fromhex(key_id), raw[1:])
    found, forged = [], 0
    with open(path, encoding="utf-8", newline="\n") as file:
        blocks = [block.strip("\n") for block in re.split(r"\n\n+", file.read())]
    for text, signatures in zip(blocks, blocks[1:]):
        if text.startswith("— ") or not signatures.startswith("— "):
            continue
        lines = text.split("\n")
        if len(lines) < 3 or not re.fullmatch(r"0|[1-9]\d{0,15}", lines[1]):
            continue
        if key is not None:
            mine = []
            for line in signatures.split("\n"):
                parts = re.fullmatch(r"— (\S+) (\S+)", line)
                signature = base64.b64decode(parts[2]) if parts else b""
                if parts and parts[1] == key[0] and signature[:4] == key[1] and len(signature) == 68:
                    mine.append(signature[4:])
            good = [ed25519_verifies(key[2], (text + "\n").encode(), signature) for signature in mine]
            forged += bool(good) and not all(good)
            if not good or not all(good):
                continue
        head = next((line[11:] for line in lines[3:] if line.startswith("chain-head ")), None)
        found.append((int(lines[1]), base64.b64decode(lines[2], validate=True), head))
    return sorted((c for c in found if c[0] > 0), key=lambda c: c[0]), forged


# --- The chain, and the chain against the checkpoints ---
def verify(path, checkpoints):
    tree, last, seq = Tree(), "0" * 64, 0
    agreed, conflict, fork, at, lost = 0, None, None, 0, None
    with open(path, "rb") as file:
        for raw in file:
            line = raw.removesuffix(b"\n")
            cut = re.match(rb'(.*),"hash":"([0-9a-f]{64})"', line, re.DOTALL)  # greedy: the last one
            try:
                entry = json.loads(line)
                number, previous = entry["seq"], entry["prev_hash"]
            except (ValueError, KeyError, TypeError):
                cut = None
            if lost is not None:  # the missing entry turns up later: it was moved
                if cut and number == lost["seq"]:
                    return {**lost, "reason": "reordered"}
                continue
            if not cut:
                return {"kind": "broken", "reason": "unreadable", "seq": seq + 1}
            claimed = cut[2].decode()
            if number > seq + 1:
                lost = {"kind": "broken", "reason": "missing", "seq": seq + 1}
                continue
            if number <= seq:
                return {"kind": "broken", "reason": "reordered", "seq": number}
            if sha256(cut[1] + line[cut.end():]).hex() != claimed:
                return {"kind": "broken", "reason": "changed", "seq": number}
            if previous != last:
                return {"kind": "broken", "reason": "unlinked", "seq": number}
            last, seq = claimed, number
            tree.append(line)
            roots = set()
            while at < len(checkpoints) and checkpoints[at][0] == seq:
                _, root, head = checkpoints[at]
                at += 1
                roots.add(root)
                fits = root == tree.root() and head in (None, claimed)
                if not fits:
                    conflict = conflict or seq
                elif conflict:
                    fork = fork or conflict
                else:
                    agreed = seq
            if len(roots) > 1:
                fork = fork or seq
    if lost is not None:
        return lost
    if fork or conflict:
        return {"kind": "broken", "reason": "forked" if fork else "rewritten", "seq": fork or conflict}
    if at < len(checkpoints):
        return {"kind": "broken", "reason": "truncated", "seq": seq + 1}
    return {"kind": "intact", "entries": seq, "head": {"seq": seq, "hash": last},
            "root": base64.b64encode(tree.root()).decode(), "checkpoints": at}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("export")
    parser.add_argument("--checkpoints")
    parser.add_argument("--key")
    args = parser.parse_args()
    known, forged_count = read_checkpoints(args.checkpoints, args.key) if args.checkpoints else ([], 0)
    verdict = {**verify(args.export, known), "forged_checkpoints": forged_count}
    print(json.dumps(verdict))
    sys.exit(0 if verdict["kind"] == "intact" and not forged_count else 1)
