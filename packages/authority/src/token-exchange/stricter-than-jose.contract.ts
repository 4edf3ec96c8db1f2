/** What `jose` accepts and we refuse, as "family code", each with its reason. Anything else that differs fails the test. */
export const STRICTER_THAN_JOSE: ReadonlyMap<string, string> = new Map([
  [
    "header member TP1104",
    "A member that we do not know could change what is verified; jose reads past it (RFC 8725 §3.10).",
  ],
  [
    "critical header TP1104",
    "jose knows b64 and takes b64: true; no issuer needs it, so crit and b64 never pass (RFC 7797 §7).",
  ],
  [
    "nested token TP1104",
    "cty announces a token inside the token; what we verify is the claims themselves (RFC 7519 §5.2).",
  ],
  ["token type TP1106", "Another typ is another kind of token: an access token is no id token (RFC 8725 §3.11)."],
  [
    "repeated header member TP1103",
    "Two parsers may disagree on which member counts (RFC 7515 §4); jose takes the last.",
  ],
  ["repeated claim TP1103", "Two parsers may disagree on which member counts (RFC 7519 §4); jose takes the last."],
  ["JSON text TP1103", "RFC 8259 §8.1 forbids a byte order mark; jose drops it."],
  ["depth TP1103", "Nesting below eight is no provider's and could exhaust whoever walks the claims later."],
  ["size TP1101", "Past 16 KiB nothing is parsed or verified, so that nobody can buy work with length."],
  ["claim of another type TP1107", "sub and jti are texts (RFC 7519 §4.1.2, §4.1.7); jose does not look at them."],
  ["claim of another type TP1405", "A time before 1970 is a mistake; jose calculates with it."],
  ["time TP1405", "A time without end (1e400) or before 1970 is a mistake; jose calculates with it."],
  ["time TP1404", "jose counts the last second of the maximum age in, we count it out."],
  [
    "audience TP1502",
    "An array with members that are no texts is malformed (RFC 7519 §4.1.3); jose looks for one that fits.",
  ],
  [
    "audience TP1503",
    "A token for several services could be replayed by a sister service (RFC 8725 §3.9); jose wants one of them.",
  ],
  [
    "encoding slack TP1102",
    "One token has one text (RFC 7515 §2: no padding, no white space, no stray bits), or its digest could be varied.",
  ],
  ["character changed TP1102", "As above: jose's decoder skips white space and padding in the signature."],
  ["other serialization TP1102", "As above: a line end after the token."],
  [
    "keys: same-kid-other-kind TP1301",
    "A kid that occurs twice in one key set names nothing; jose takes the one whose kind fits.",
  ],
]);
