import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import process$1 from "node:process";
import { setTimeout } from "node:timers/promises";
import { createHash, createHmac, randomUUID } from "node:crypto";
import { execFile } from "node:child_process";
import { appendFileSync } from "node:fs";
// packages/client/dist/error/oidc-error.js
/** A keyless login that failed; the message is one sentence and what to do, and holds no token. */
var OidcError = class extends Error {
	name = "OidcError";
	code;
	/** HTTP status of the answer, when there was one. */
	status;
	/** The server's request id: quote it when you ask its operator. */
	requestId;
	/** A Postern hub's own code for the reason, for example `TP1802`. */
	exchangeCode;
	error;
	errorDescription;
	/** One line per check, when the server explains; not repeated in the message. */
	errors;
	constructor(code, message, refusal = {}) {
		super(message);
		this.code = code;
		this.status = refusal.status;
		this.requestId = refusal.requestId;
		this.exchangeCode = refusal.exchangeCode;
		this.error = refusal.error;
		this.errorDescription = refusal.errorDescription;
		this.errors = refusal.errors ?? [];
	}
};
const TRANSIENT = /* @__PURE__ */ new Set([
	"rate_limited",
	"unavailable",
	"network_failed",
	"timed_out"
]);
/** Whether the same call may succeed a little later without anybody changing anything. */
function isTransient(error) {
	return error instanceof OidcError && (TRANSIENT.has(error.code) || (error.status ?? 0) >= 500);
}
// packages/client/dist/endpoint/endpoint.js
/** Used when neither the caller nor `HF_ENDPOINT` names one. */
const DEFAULT_ENDPOINT$1 = "https://huggingface.co";
/**
* The hub's base URL without trailing slashes, otherwise as it was written: the audience must equal it byte for byte.
*
* Plain `http` is allowed because self-hosted hubs on a private network use it; no request ever leaves this origin.
*
* @throws {OidcError} `invalid_endpoint`.
*/
function resolveEndpoint(given, environment) {
	const text = (given || environment.HF_ENDPOINT || "https://huggingface.co").trim().replace(/\/+$/, "");
	const url = URL.canParse(text) ? new URL(text) : void 0;
	if (!(url !== void 0 && (url.protocol === "https:" || url.protocol === "http:") && url.username === "" && url.password === "" && !/[?#\s\\]/.test(text))) throw new OidcError("invalid_endpoint", `${given ? "The endpoint given" : "HF_ENDPOINT"} is not the URL of a hub. Write it as ${DEFAULT_ENDPOINT$1}, without user name, query or fragment.`);
	return text;
}
// packages/client/dist/environment/environment.js
/** True for `1`, `ON`, `YES` and `TRUE` in any case, as every `HF_…` switch is read. */
function isSwitchedOn(environment, name) {
	return [
		"1",
		"ON",
		"YES",
		"TRUE"
	].includes((environment[name] ?? "").toUpperCase());
}
// packages/client/dist/debug/redact.js
/** Stands where a value was that only its owner may see. */
const REDACTED = "<REDACTED>";
/**
* Names, in bodies and queries, whose values are secrets: OAuth parameters (RFC 6749, 7636, 8628, 8693), lists given to
* `/api/credentials/revoke`, and the parameters of signed URLs.
*/
const SECRET_NAME = /tokens?$|secret|password|passwd|credential|signature|^sig$|assertion|authorization|(?:api|private)[-_]?key|^code$|^device_code$|^code_verifier$|^policy$/i;
/** `token_type`, `subject_token_type` and the like say what a token is, not the token. */
const HARMLESS_NAME = /_type$|_types$/i;
/** One run of the characters that tokens are made of. */
const RUN = /[A-Za-z0-9_.-]{9,}/g;
/**
* Where a token begins in such a run: a hub token, or a JWT, whole or broken off anywhere. A JWT begins with base64url of `{"`,
* or of a brace and white space, which would also fit the middle of innocent names and so counts at the start only.
*/
const TOKEN_START = /hf_[A-Za-z0-9_.-]{6}|eyJ[A-Za-z0-9_-]{6}|^(?:eyA[gi]|ew[o0k])[A-Za-z0-9_-]{5}/;
function isSecretName(name) {
	return SECRET_NAME.test(name) && !HARMLESS_NAME.test(name);
}
/** Removes whatever looks like a JWT or a hub token, wherever it stands; linear in the text, which a server may have chosen. */
function redactText(text) {
	return text.replaceAll(RUN, (run) => {
		const start = run.search(TOKEN_START);
		return start === -1 ? run : run.slice(0, start) + REDACTED;
	});
}
/** The URL without user info, fragment and the values of secret query parameters. */
function redactUrl(text) {
	if (!URL.canParse(text)) return redactText(text);
	const url = new URL(text);
	const user = url.username === "" && url.password === "" ? "" : `${REDACTED}@`;
	const query = url.search === "" ? "" : `?${redactForm(url.search.slice(1))}`;
	const fragment = url.hash === "" ? "" : `#${REDACTED}`;
	return redactText(`${url.protocol}//${user}${url.host}${url.pathname}${query}${fragment}`);
}
/** A form body or query, pair by pair, otherwise as it was written. */
function redactForm(text) {
	return redactText(text.split("&").map((pair) => {
		const [name = "", ...rest] = pair.split("=");
		return rest.length > 0 && isSecretName(decoded(name)) ? `${name}=${REDACTED}` : pair;
	}).join("&"));
}
/** A JSON text (also newline-delimited) with the values of secret members replaced, however deep; `undefined` when it is no JSON. */
function redactJson(text) {
	const whole = parsed(text);
	if (whole !== void 0) return redactText(JSON.stringify(redactValue(whole.value)));
	const values = text.split("\n").filter((line) => line.trim() !== "").map(parsed);
	if (values.length === 0 || values.includes(void 0)) return void 0;
	return redactText(values.map((value) => JSON.stringify(redactValue(value?.value))).join("\n"));
}
function redactValue(value) {
	if (Array.isArray(value)) return value.map(redactValue);
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, isSecretName(name) ? REDACTED : redactValue(member)]));
}
function parsed(text) {
	try {
		return { value: JSON.parse(text) };
	} catch {
		return;
	}
}
function decoded(text) {
	try {
		return decodeURIComponent(text.replaceAll("+", " "));
	} catch {
		return text;
	}
}
// packages/client/dist/debug/curl-command.js
/** Characters of a body that are printed. */
const BODY_LIMIT = 1e3;
/**
* The request as a curl command without its secrets.
*
* Redaction comes first and the cut last: a JWT cut in the middle no longer looks like one, and its claims would be printed
* (the stock client does that; `curl-command.test.ts` holds this order).
*/
function toCurlCommand(request) {
	const parts = [
		"curl",
		"-X",
		request.method.toUpperCase()
	];
	const names = Object.keys(request.headers).sort((a, b) => a.toLowerCase() < b.toLowerCase() ? -1 : 1);
	for (const name of names) {
		const value = request.headers[name] ?? "";
		parts.push("-H", quoted(`${name}: ${isSecretHeader(name) ? "<TOKEN>" : redactText(value)}`));
	}
	if (request.body !== void 0) {
		const clean = redactBody(request.body);
		const shown = clean.length > BODY_LIMIT ? `${clean.slice(0, BODY_LIMIT)} … (${clean.length} characters)` : clean;
		parts.push("--data-raw", quoted(shown));
	}
	parts.push(quoted(redactUrl(request.url)));
	return parts.join(" ");
}
function isSecretHeader(name) {
	return /cookie|token|auth|identity-header/i.test(name) || isSecretName(name);
}
/** JSON and forms by their names; any other text has no names to go by, so only its look can betray a secret. */
function redactBody(body) {
	const json = redactJson(body);
	if (json !== void 0) return json;
	if (/^\s*[[{]/.test(body)) return REDACTED;
	return redactForm(body);
}
/** For a POSIX shell; control characters are shown escaped, so one request stays one line. */
function quoted(text) {
	return `'${text.replaceAll(/\p{Cc}/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`).replaceAll("'", "'\\''")}'`;
}
// packages/client/dist/debug/curl-fetch.js
/** `fetch` that prints each request as a curl command while `HF_DEBUG` is on, secrets removed. */
function curlFetch(runtime) {
	return (input, init) => {
		if (isSwitchedOn(runtime.environment, "HF_DEBUG")) runtime.writeDiagnostic(toCurlCommand(printable(input, init)));
		return runtime.fetch(input, init);
	};
}
function printable(input, init) {
	const request = input instanceof Request ? input : void 0;
	return {
		method: init?.method ?? request?.method ?? "GET",
		url: request?.url ?? String(input),
		headers: Object.fromEntries(new Headers(init?.headers ?? request?.headers)),
		body: printableBody(init?.body ?? request?.body)
	};
}
/** Only text is shown; reading a stream would take it away from the request. */
function printableBody(body) {
	if (body === void 0 || body === null) return void 0;
	if (typeof body === "string") return body;
	if (body instanceof URLSearchParams) return body.toString();
	if (body instanceof Blob) return `<${body.size} bytes>`;
	if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return `<${body.byteLength} bytes>`;
	return "<stream>";
}
// packages/client/dist/dpop/bound-fetch.js
/**
* `fetch` that sends a bound token and a fresh proof with each request to the endpoint's origin, and neither to anybody else (RFC 9449 §7.1).
*
* Redirects are not followed: a proof names one address. Follow them yourself; signed transfer URLs need no token.
*/
function boundFetch({ accessToken, endpoint, key }, fetch) {
	const { origin } = new URL(endpoint);
	return async (input, init = {}) => {
		const url = new URL(input instanceof Request ? input.url : input);
		if (url.origin !== origin) return fetch(input, init);
		const method = (init.method ?? (input instanceof Request ? input.method : "GET")).toUpperCase();
		const send = async () => {
			const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : {}));
			headers.set("authorization", `DPoP ${accessToken}`);
			headers.set("dpop", await key.proof({
				method,
				url: url.href,
				accessToken
			}));
			return fetch(input, {
				...init,
				headers,
				redirect: "manual"
			});
		};
		const response = await send();
		if (!key.takeNonce(response.headers) || response.status !== 401 || !isRepeatable(input, init)) return response;
		await response.body?.cancel();
		return send();
	};
}
/** A stream is gone once it was sent. */
function isRepeatable(input, { body }) {
	if (input instanceof Request && input.body !== null) return false;
	return body === void 0 || body === null || typeof body === "string" || body instanceof Blob;
}
// packages/client/dist/dpop/dpop-key.js
/** Longer ones would make a header that servers refuse. */
const MAX_NONCE = 1024;
const SIGNING = {
	name: "ECDSA",
	hash: "SHA-256"
};
/** Makes a P-256 key whose private half cannot be read by anybody, this program included. */
async function createDpopKey(now) {
	const pair = await crypto.subtle.generateKey({
		name: "ECDSA",
		namedCurve: "P-256"
	}, false, ["sign", "verify"]);
	const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
	const header = encodeJson({
		typ: "dpop+jwt",
		alg: "ES256",
		jwk: {
			kty,
			crv,
			x,
			y
		}
	});
	let nonce;
	return {
		takeNonce: (headers) => {
			const given = headers.get("dpop-nonce");
			if (given === null || given.length > MAX_NONCE) return false;
			nonce = given;
			return true;
		},
		proof: async ({ method, url, accessToken }) => {
			const { origin, pathname } = new URL(url);
			const claims = {
				htm: method,
				htu: `${origin}${pathname}`,
				iat: Math.floor(now() / 1e3),
				jti: crypto.randomUUID(),
				...nonce === void 0 ? {} : { nonce },
				...accessToken === void 0 ? {} : { ath: await digest(accessToken) }
			};
			const input = `${header}.${encodeJson(claims)}`;
			const signature = await crypto.subtle.sign(SIGNING, pair.privateKey, new TextEncoder().encode(input));
			return `${input}.${encode(new Uint8Array(signature))}`;
		}
	};
}
async function digest(text) {
	return encode(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
}
function encodeJson(value) {
	return encode(new TextEncoder().encode(JSON.stringify(value)));
}
/** RFC 7515 §2. `btoa`, because a browser has no Buffer. */
function encode(bytes) {
	return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
// packages/client/dist/dpop/proving-fetch.js
const MAX_REDIRECTS = 20;
const REDIRECTS = /* @__PURE__ */ new Set([
	301,
	302,
	303,
	307,
	308
]);
/**
* `fetch` for a library that knows bearer tokens only: a request that carries the bound token as `Bearer` leaves with the scheme DPoP and a
* fresh proof instead. Everything else, such as a transfer to a signed URL, goes out as it is.
*
* Redirects of such requests are followed with a proof for each address, and without token and proof once they leave the endpoint's origin.
*/
function provingFetch(token, fetch) {
	const bound = boundFetch(token, fetch);
	const bearer = `Bearer ${token.accessToken}`;
	const { origin } = new URL(token.endpoint);
	return async (input, init = {}) => {
		if (input instanceof Request || new Headers(init.headers).get("authorization") !== bearer) return fetch(input, init);
		let url = new URL(input);
		let request = init;
		for (let hop = 0; url.origin === origin; hop++) {
			const response = await bound(url, request);
			const next = init.redirect === "manual" ? void 0 : redirectOf(response, url);
			if (next === void 0) return response;
			await response.body?.cancel();
			if (hop === MAX_REDIRECTS) throw new TypeError("fetch failed", { cause: /* @__PURE__ */ new Error("too many redirects") });
			request = redirected(request, response.status);
			url = next;
		}
		const headers = new Headers(request.headers);
		headers.delete("authorization");
		return fetch(url, {
			...request,
			headers
		});
	};
}
function redirectOf(response, from) {
	const location = response.headers.get("location");
	if (!REDIRECTS.has(response.status) || location === null || !URL.canParse(location, from)) return void 0;
	return new URL(location, from);
}
/** Fetch Standard, HTTP-redirect fetch, step 12: these become a GET without a body. */
function redirected(init, status) {
	const method = (init.method ?? "GET").toUpperCase();
	if (!(status === 303 ? method !== "HEAD" : status < 303 && method === "POST")) return init;
	const headers = new Headers(init.headers);
	for (const name of [
		"content-type",
		"content-length",
		"content-encoding"
	]) headers.delete(name);
	return {
		...init,
		method: "GET",
		headers,
		body: null
	};
}
// packages/client/dist/http/json-object.js
/** A JSON object, or `undefined` for anything else. */
function parseObject(text) {
	try {
		const value = JSON.parse(text);
		if (typeof value !== "object" || value === null || Array.isArray(value)) return void 0;
		return Object.fromEntries(Object.entries(value));
	} catch {
		return;
	}
}
// packages/client/dist/http/call-limits.js
/** Milliseconds that a call may take in all, retries included, unless the caller says otherwise. */
const DEFAULT_DEADLINE_MS = 3e4;
/** @throws {OidcError} `invalid_option` for a deadline that is no positive number. */
function limitsOf(options, now) {
	const milliseconds = options.deadlineMs ?? 3e4;
	if (!(milliseconds > 0 && milliseconds <= 2147483647)) throw new OidcError("invalid_option", "deadlineMs must be a number of milliseconds above 0 and below 2^31.");
	const deadline = AbortSignal.timeout(Math.ceil(milliseconds));
	return {
		signal: options.signal === void 0 ? deadline : AbortSignal.any([options.signal, deadline]),
		deadline,
		endsAt: now + milliseconds
	};
}
/** The same limits with an earlier deadline of their own, for one part of a call. */
function shortened(limits, milliseconds, now) {
	const deadline = AbortSignal.timeout(milliseconds);
	return {
		signal: AbortSignal.any([limits.signal, deadline]),
		deadline,
		endsAt: Math.min(limits.endsAt, now + milliseconds)
	};
}
/**
* What to throw after a wait was cut short: the caller's own reason, or ours when the deadline passed.
*
* @param what - What was being waited for, to end the sentence "… took too long".
*/
function cutShort({ signal, deadline }, what) {
	const reason = signal.reason;
	if (deadline.aborted && reason === deadline.reason) return new OidcError("timed_out", `${what} took too long. Try again, or allow more time with deadlineMs.`);
	return reason;
}
/** Settles with `promise`, or rejects as soon as the signal aborts; the promise itself goes on. */
async function within(promise, limits, what) {
	const { signal } = limits;
	if (signal.aborted) throw cutShort(limits, what);
	const aborted = Promise.withResolvers();
	const onAbort = () => aborted.reject(cutShort(limits, what));
	signal.addEventListener("abort", onAbort, { once: true });
	try {
		return await Promise.race([promise, aborted.promise]);
	} finally {
		signal.removeEventListener("abort", onAbort);
	}
}
// packages/client/dist/http/read-capped.js
/** Bytes of an answer, after decompression, beyond which it is no honest token response. */
const MAX_RESPONSE_BYTES = 262144;
/** @throws {OidcError} `response_too_large`; the rest of the body is then never read. */
async function readCapped(response, host) {
	if (response.body === null) return "";
	const reader = response.body.getReader();
	const decoder = new TextDecoder();
	let size = 0;
	let text = "";
	for (;;) {
		const { done, value } = await reader.read();
		if (done) return text + decoder.decode();
		size += value.byteLength;
		if (size > 262144) {
			await reader.cancel().catch(() => void 0);
			throw new OidcError("response_too_large", `${host} answered with more than ${MAX_RESPONSE_BYTES} bytes. Check that the URL is that of a hub.`, { status: response.status });
		}
		text += decoder.decode(value, { stream: true });
	}
}
// packages/client/dist/http/retry-delay.js
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8e3;
/**
* Milliseconds to wait before the next attempt.
*
* What the server asks for is the least that is waited, with some jitter on top so that a thousand jobs told `60` do not come
* back in the same instant. The caller compares the result with its deadline, which is the cap.
*
* @param attempt - 1 after the first failure.
* @param random - In [0, 1).
*/
function retryDelay(attempt, headers, now, random) {
	const backoff = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1));
	const asked = headers === void 0 ? void 0 : askedDelay(headers, now);
	return Math.round(Math.max(asked ?? 0, backoff / 2) + backoff / 2 * random);
}
/** Milliseconds from `Retry-After` (RFC 9110 §10.2.3, seconds or a date), else from the `t` of the Hub's `RateLimit` header. */
function askedDelay(headers, now) {
	const retryAfter = headers.get("retry-after")?.trim();
	if (retryAfter !== void 0 && retryAfter !== "") {
		if (/^\d+$/.test(retryAfter)) return Number(retryAfter) * 1e3;
		const date = /^[A-Z][a-z]+, .+ GMT$/.test(retryAfter) ? Date.parse(retryAfter) : NaN;
		if (!Number.isNaN(date)) return Math.max(0, date - now);
	}
	const window = /;\s*t=(\d+)/.exec(headers.get("ratelimit") ?? "");
	return window?.[1] === void 0 ? void 0 : Number(window[1]) * 1e3;
}
// packages/client/dist/http/server-words.js
/** Characters of one line of a server's explanation that are kept. */
const LINE_LIMIT = 600;
/** Lines of `errors[]` that are kept. */
const LINES_LIMIT = 20;
/**
* What a server says about its refusal, fit to be shown.
*
* A careless or hostile server may echo the token it was sent, or hide terminal escapes and CI workflow commands in its words.
*/
function readServerWords(status, headers, body) {
	const json = parseObject(body);
	return {
		status,
		exchangeCode: /^TP\d{4}$/.exec(textOf$1(json?.code) ?? "")?.[0],
		requestId: cleanLine(headers.get("x-request-id") ?? textOf$1(json?.request_id)),
		error: cleanLine(textOf$1(json?.error)),
		errorDescription: cleanLine(textOf$1(json?.error_description) ?? textOf$1(json?.message) ?? headers.get("x-error-message") ?? void 0),
		errors: linesOf(json?.errors)
	};
}
/** One printable line without tokens; `undefined` when nothing is left. */
function cleanLine(text) {
	if (text === void 0) return void 0;
	const clean = redactText(text).replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ").trim();
	return clean === "" ? void 0 : clean.slice(0, LINE_LIMIT);
}
function textOf$1(value) {
	return typeof value === "string" ? value : void 0;
}
function linesOf(value) {
	if (!Array.isArray(value)) return [];
	return value.slice(0, LINES_LIMIT).map((entry) => {
		if (typeof entry === "string") return cleanLine(entry);
		if (typeof entry !== "object" || entry === null || !("message" in entry)) return void 0;
		return cleanLine(textOf$1(entry.message));
	}).filter((line) => line !== void 0);
}
// packages/client/dist/http/send-request.js
const MAX_ATTEMPTS = 5;
/**
* Sends with backoff until there is an answer that is not worth a retry, or time is up.
*
* @throws {OidcError} `offline`, `network_failed`, `timed_out`, `redirect_refused`, `response_too_large`, `rate_limited`,
*   `unavailable`.
* @throws the caller's abort reason.
*/
async function sendRequest(request, runtime, limits) {
	if (isSwitchedOn(runtime.environment, "HF_HUB_OFFLINE")) throw new OidcError("offline", `${request.name} needs the network, and HF_HUB_OFFLINE is set. Unset it.`);
	for (let attempt = 1;; attempt++) {
		const outcome = await attemptOnce(request, runtime, limits);
		if (outcome.kind === "answer" && !request.retryStatuses.has(outcome.answer.status)) return outcome.answer;
		const mayRetry = outcome.kind === "answer" || request.retryWithoutAnswer;
		const headers = outcome.kind === "answer" ? outcome.answer.headers : void 0;
		const now = runtime.now();
		const pause = retryDelay(attempt, headers, now, runtime.random());
		if (!mayRetry || attempt === MAX_ATTEMPTS || now + pause >= limits.endsAt) throw givenUp(request, outcome, now);
		try {
			await runtime.sleep(pause, limits.signal);
		} catch (error) {
			throw limits.signal.aborted ? cutShort(limits, request.name) : error;
		}
	}
}
async function attemptOnce(request, runtime, limits) {
	const { signal } = limits;
	const { host } = new URL(request.url);
	try {
		const response = await curlFetch(runtime)(request.url, {
			method: request.method,
			headers: {
				...request.headers,
				...await request.freshHeaders?.()
			},
			...request.body === void 0 ? {} : { body: request.body },
			redirect: "manual",
			credentials: "omit",
			cache: "no-store",
			signal
		});
		if (response.type === "opaqueredirect" || response.status >= 300 && response.status < 400) {
			await response.body?.cancel().catch(() => void 0);
			throw new OidcError("redirect_refused", `${host} answered with a redirect, which is not followed because it could hand the credential to another server. Set the endpoint to the address that the hub itself uses.`, { status: response.status });
		}
		const body = await readCapped(response, host);
		return {
			kind: "answer",
			answer: {
				status: response.status,
				headers: response.headers,
				body
			}
		};
	} catch (error) {
		if (signal.aborted) throw cutShort(limits, request.name);
		if (error instanceof OidcError) throw error;
		return {
			kind: "no-answer",
			reason: reasonOf(error)
		};
	}
}
/** The system's code and nothing else: messages of network errors can quote headers, and headers hold tokens. */
function reasonOf(error) {
	return [error, error instanceof Error ? error.cause : void 0].map((candidate) => typeof candidate === "object" && candidate !== null && "code" in candidate ? String(candidate.code) : "").find((code) => /^[A-Z][A-Z0-9_]{2,60}$/.test(code)) ?? "no connection";
}
function givenUp(request, outcome, now) {
	const { host } = new URL(request.url);
	if (outcome.kind === "no-answer") {
		const again = request.retryWithoutAnswer ? "" : " It was not repeated, because an id token may be spent only once.";
		return new OidcError("network_failed", `${request.name} got no answer from ${host} (${outcome.reason}).${again} Check the address, the network and the certificate, then run the job again.`);
	}
	const { status, headers, body } = outcome.answer;
	const asked = askedDelay(headers, now);
	const when = asked === void 0 ? "in a while" : `in ${Math.ceil(asked / 1e3)} seconds`;
	const words = readServerWords(status, headers, body);
	const said = words.errorDescription ?? words.error;
	const id = words.requestId === void 0 ? "" : ` (request id ${words.requestId})`;
	return new OidcError(status === 429 ? "rate_limited" : "unavailable", `${request.name} was put off by ${host} with status ${status}${said === void 0 ? "" : `: ${said}`}${id}. Try again ${when}.`, words);
}
// packages/client/dist/masking/github-mask.js
/**
* Tells the GitHub runner to hide `secret` in the rest of the job's log; does nothing elsewhere.
*
* The command goes to standard error: the runner reads commands from both streams and handles standard error first, and
* standard output must stay the token alone for `TOKEN=$(postern auth token)`. It is written before the secret is returned to
* anybody who could print it.
*/
function maskSecret(secret, runtime) {
	if (runtime.environment.GITHUB_ACTIONS !== "true" || secret === "") return;
	const data = secret.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
	runtime.writeDiagnostic(`::add-mask::${data}`);
}
// packages/client/dist/token/clean-token.js
/** Without line breaks anywhere and without blanks around it; `undefined` when nothing is left. */
function cleanToken(text) {
	return text?.replaceAll(/[\r\n]/g, "").trim() || void 0;
}
// packages/client/dist/exchange/exchanged-token.js
/** Documented life of an exchanged token, in seconds. */
const DEFAULT_LIFE_SECONDS = 3600;
/** @returns `undefined` for a body without a token that fits a header, or with a life that is already over. */
function readExchangedToken(body, requestId) {
	const accessToken = body?.access_token;
	if (typeof accessToken !== "string" || accessToken.length > 8192) return void 0;
	if (!/^[\x21-\x7e]+$/.test(accessToken)) return void 0;
	const expiresInSeconds = readLife(body?.expires_in);
	if (expiresInSeconds <= 0) return void 0;
	return {
		accessToken,
		tokenType: textOf(body?.token_type) ?? "bearer",
		expiresInSeconds,
		issuedTokenType: textOf(body?.issued_token_type),
		scope: textOf(body?.scope),
		requestId
	};
}
/** Servers send a number or a numeral in a string; what is neither counts as missing. */
function readLife(value) {
	if (typeof value === "number" && Number.isFinite(value)) return value;
	if (typeof value === "string" && /^\s*-?\d+\s*$/.test(value)) return Number(value);
	return DEFAULT_LIFE_SECONDS;
}
function textOf(value) {
	return typeof value === "string" ? value : void 0;
}
// packages/client/dist/mint/unverified-claims.js
/** `undefined` when the text is no JWT in compact form (RFC 7519 §3). */
function readUnverifiedClaims(text) {
	const [header, payload, signature, ...rest] = text.split(".");
	if (header === void 0 || payload === void 0 || signature === void 0 || rest.length > 0) return void 0;
	if (parseObject(decodeBase64Url(header) ?? "") === void 0) return void 0;
	const claims = parseObject(decodeBase64Url(payload) ?? "");
	if (claims === void 0) return void 0;
	const { iss, aud, exp } = claims;
	return {
		issuer: typeof iss === "string" ? iss : void 0,
		audiences: (Array.isArray(aud) ? aud : [aud]).filter((audience) => typeof audience === "string"),
		expiresAt: typeof exp === "number" && Number.isFinite(exp) ? exp : void 0
	};
}
function decodeBase64Url(text) {
	if (!/^[A-Za-z0-9_-]+$/.test(text)) return void 0;
	try {
		const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
		return new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
	} catch {
		return;
	}
}
// packages/client/dist/exchange/refused-exchange.js
/** The error for an exchange that was answered with anything but success. */
function refusedExchange(request, words, now) {
	const id = words.requestId === void 0 ? "" : ` (request id ${words.requestId})`;
	const said = [words.error, words.errorDescription].filter((part) => part !== void 0).join(": ");
	if (!/^[a-z][a-z_]*$/.test(words.error ?? "") || (words.status ?? 0) >= 500) return new OidcError("exchange_failed", `${request.endpoint} could not exchange the id token: status ${words.status}${said === "" ? "" : `, ${said}`}${id}. ${words.status === 404 || words.status === 405 ? "Check that HF_ENDPOINT is the address of a hub that offers trusted publishing." : "Run the job again; if it stays so, give the operator the request id."}`, words);
	return new OidcError("exchange_refused", `${request.endpoint} refused the exchange for ${request.resource}: ${said}${id}. ${advice$1(request, words, now)}`, words);
}
/** The Hub answers every mismatch with one code, so what the token itself shows is said here: its audience and its time. */
function advice$1(request, words, now) {
	const claims = readUnverifiedClaims(request.subjectToken);
	if (claims === void 0) return "The id token is no JWT: pass the token that the CI provider issued, whole.";
	if (!claims.audiences.includes(request.endpoint)) return `The id token's audience is ${cleanLine(claims.audiences.join(", ")) ?? "none"}, not ${request.endpoint}: have it issued for exactly that audience.`;
	const lateBy = claims.expiresAt === void 0 ? 0 : Math.floor(now / 1e3) - claims.expiresAt;
	if (lateBy > 0) return `The id token expired ${lateBy} seconds ago: log in earlier in the job, right after it is issued.`;
	if (words.error === "invalid_request") return "Check how the resource is written: acme/model, datasets/acme/data or a user name.";
	return "Check that its settings list this CI workflow as a trusted publisher, claim by claim.";
}
// packages/client/dist/exchange/exchange-oidc-token.js
/**
* Trades an id token for a short-lived hub token (RFC 8693 §2.1, as JSON, which is how the Hub documents it).
*
* Sent again after 429 and 503 only: those say that nothing was done. After silence the id token may be spent.
*
* @throws {OidcError} `invalid_resource`, `exchange_refused`, `exchange_failed`, `response_malformed`, and those of `sendRequest`.
*/
async function exchangeOidcToken(request, runtime, limits) {
	const resource = request.resource.trim();
	if (resource === "") throw new OidcError("invalid_resource", "The resource is blank. Set HF_OIDC_RESOURCE to a repo such as acme/model or datasets/acme/data, or to a user name.");
	const subjectToken = cleanToken(request.subjectToken);
	if (subjectToken === void 0) throw new OidcError("invalid_option", "The id token is blank. Pass the JWT that the CI provider issued.");
	const url = `${request.endpoint}/oauth/token`;
	const { key } = request;
	const send = () => sendRequest({
		method: "POST",
		url,
		headers: {
			accept: "application/json",
			"content-type": "application/json"
		},
		freshHeaders: async () => key === void 0 ? {} : { dpop: await key.proof({
			method: "POST",
			url
		}) },
		body: JSON.stringify({
			grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
			subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
			subject_token: subjectToken,
			resource
		}),
		retryStatuses: /* @__PURE__ */ new Set([429, 503]),
		retryWithoutAnswer: false,
		name: "The token exchange"
	}, runtime, limits);
	let answer = await send();
	let words = readServerWords(answer.status, answer.headers, answer.body);
	if (words.error === "use_dpop_nonce" && key?.takeNonce(answer.headers) === true) {
		answer = await send();
		words = readServerWords(answer.status, answer.headers, answer.body);
	}
	if (answer.status < 200 || answer.status > 299) throw refusedExchange({
		...request,
		subjectToken,
		resource
	}, words, runtime.now());
	const token = readExchangedToken(parseObject(answer.body), words.requestId);
	if (token === void 0) throw new OidcError("response_malformed", `${request.endpoint} answered the exchange without a usable access token. Check that it is the address of a hub.`, {
		status: answer.status,
		requestId: words.requestId
	});
	maskSecret(token.accessToken, runtime);
	return token;
}
// packages/client/dist/exchange/login-with.js
/** Obtains an id token and exchanges it at once; nothing is kept. */
async function loginWith(source, target, runtime, limits) {
	return exchangeOidcToken({
		subjectToken: await source.obtain(runtime, limits),
		...target
	}, runtime, limits);
}
// packages/client/dist/exchange/bound-login.js
/**
* Logs in and binds the token to a new key of this process where the server can (RFC 9449 §5). One that cannot answers with a bearer token,
* as the RFC says; so does this when the server refuses the proof, for example because this machine's clock is a minute off: nothing was
* spent then, and a job that works without proofs must not fail with them.
*
* @throws {OidcError} as `loginWith`.
*/
async function boundLogin(source, target, runtime, limits) {
	if (!mayBind(target.endpoint)) return loginWith(source, target, runtime, limits);
	const key = await createDpopKey(() => runtime.now());
	let token;
	try {
		token = await loginWith(source, {
			...target,
			key
		}, runtime, limits);
	} catch (error) {
		if (!(error instanceof OidcError) || error.error !== "invalid_dpop_proof") throw error;
		runtime.writeDiagnostic(`note: the token is not bound to this machine: ${error.errorDescription ?? error.error}`);
		return loginWith(source, target, runtime, limits);
	}
	if (token.tokenType.toLowerCase() !== "dpop") return token;
	const bound = {
		accessToken: token.accessToken,
		endpoint: target.endpoint,
		key
	};
	return {
		...token,
		fetch: boundFetch(bound, curlFetch(runtime)),
		prove: (fetch) => provingFetch(bound, fetch)
	};
}
/** The public Hub documents bearer tokens only; a token that its login bound might be one that its other services refuse. */
function mayBind(endpoint) {
	const { hostname } = new URL(endpoint);
	return hostname !== "huggingface.co" && !hostname.endsWith(".huggingface.co");
}
// packages/client/dist/mint/audience.js
/**
* Who must accept the id token: what the caller says, else `HF_OIDC_AUDIENCE`, else the endpoint.
*
* Entra signs only for something that is registered with it, so there the endpoint's own address cannot be the audience.
*/
function audienceOf(explicit, endpoint, environment) {
	return explicit ?? cleanToken(environment.HF_OIDC_AUDIENCE) ?? endpoint;
}
// packages/client/dist/mint/ask-nearby.js
/** An honest metadata endpoint is on the same machine or one hop away. */
const NEARBY_DEADLINE_MS = 5e3;
/** Asks a metadata endpoint, within five seconds. @throws {OidcError} as `sendRequest`, with the endpoint's own advice. */
async function askNearby(request, runtime, limits) {
	const { whenSilent, ...outgoing } = request;
	try {
		return await sendRequest({
			...outgoing,
			retryStatuses: /* @__PURE__ */ new Set([
				429,
				500,
				502,
				503,
				504
			]),
			retryWithoutAnswer: true
		}, runtime, shortened(limits, NEARBY_DEADLINE_MS, runtime.now()));
	} catch (error) {
		if (limits.signal.aborted) throw cutShort(limits, request.name);
		if (error instanceof OidcError && (error.code === "network_failed" || error.code === "timed_out")) throw new OidcError(error.code, `${request.name} got no answer. ${whenSilent}`);
		throw error;
	}
}
/**
* True for an address of this machine or link: loopback, 169.254/16, fe80::/10 and AWS's fd00:ec2::/32.
*
* Variables name such endpoints, and what is sent there (a secret header, a workload's whole identity) must not go anywhere else.
*/
function isNearby(hostname) {
	const host = hostname.toLowerCase().replace(/^\[|\]$/g, "");
	return host === "localhost" || host === "::1" || /^127(?:\.[0-9]{1,3}){3}$/.test(host) || /^169\.254(?:\.[0-9]{1,3}){2}$/.test(host) || /^fe[89ab][0-9a-f]:[0-9a-f:]*$/.test(host) || /^fd00:ec2:[0-9a-f:]*$/.test(host);
}
// packages/client/dist/mint/aws-answer.js
/**
* One text of an AWS answer, by the name of its member or element, wherever it stands.
*
* STS answers JSON where it is asked for and XML elsewhere; none of the values that we read holds a character that XML escapes.
*/
function awsValueIn(body, name) {
	const json = parseObject(body);
	if (json !== void 0) return memberOf(json, name);
	const opening = body.indexOf(`<${name}>`);
	if (opening === -1) return void 0;
	const start = opening + name.length + 2;
	const end = body.indexOf(`</${name}>`, start);
	const text = end === -1 ? "" : body.slice(start, end).trim();
	return text === "" || /[<>&]/.test(text) ? void 0 : text;
}
function memberOf(value, name) {
	if (typeof value !== "object" || value === null) return void 0;
	for (const [key, member] of Object.entries(value)) {
		const found = key === name && typeof member === "string" ? member : memberOf(member, name);
		if (found !== void 0) return found;
	}
}
// packages/client/dist/mint/aws-instance-metadata.js
const DEFAULT_ENDPOINT = "http://169.254.169.254";
const SILENT$2 = "Give the instance a role, and in a container allow two hops to its metadata; elsewhere unset HF_OIDC_PROVIDER and the variables of AWS.";
/** Opens a session (IMDSv2); version 1 is not spoken, because a forged request could reach it. @throws {OidcError} */
async function openInstanceMetadata(runtime, limits) {
	const base = endpointOf(runtime);
	const ask = (method, path, headers) => askNearby({
		method,
		url: `${base}${path}`,
		headers,
		name: "The request to the EC2 instance's metadata",
		whenSilent: SILENT$2
	}, runtime, limits);
	const opened = await ask("PUT", "/latest/api/token", { "x-aws-ec2-metadata-token-ttl-seconds": "60" });
	const session = opened.status === 200 ? cleanToken(opened.body) : void 0;
	if (session === void 0) throw refused(opened);
	const get = (path) => ask("GET", `/latest/meta-data/${path}`, { "x-aws-ec2-metadata-token": session });
	return {
		get,
		text: async (path) => {
			const answer = await get(path);
			if (answer.status !== 200) throw refused(answer);
			return answer.body;
		}
	};
}
function endpointOf({ environment }) {
	const text = environment.AWS_EC2_METADATA_SERVICE_ENDPOINT?.trim() || DEFAULT_ENDPOINT;
	const url = URL.canParse(text) ? new URL(text) : void 0;
	if (url?.protocol === "http:" && isNearby(url.hostname)) return url.origin;
	throw new OidcError("invalid_option", "AWS_EC2_METADATA_SERVICE_ENDPOINT must be an address of this machine or link.");
}
function refused({ status }) {
	return new OidcError("mint_failed", `The EC2 instance's metadata refused (status ${status}). ${SILENT$2}`, { status });
}
// packages/client/dist/mint/projected-token.js
/** The token in a file that the platform writes and renews; `undefined` when there is no such file. @throws {OidcError} `mint_failed`. */
async function readTokenFileAt(path, variable, runtime) {
	try {
		return cleanToken(await runtime.readTextFile(path));
	} catch {
		throw new OidcError("mint_failed", `The token file ${path} cannot be read. Give the job's user the right to read it, or name another file in ${variable}.`);
	}
}
// packages/client/dist/mint/aws-credentials.js
const CONTAINER_ORIGIN = "http://169.254.170.2";
const SILENT$1 = "Give the task, function or instance a role; elsewhere unset HF_OIDC_PROVIDER and the variables of AWS.";
/**
* The workload's own credentials, in the order of AWS's SDKs: variables, a role for a pod's web identity (IRSA), the container's
* endpoint (ECS, CodeBuild, EKS Pod Identity), the instance. Profiles in files are people's, and are not read.
*
* @param stsUrl - Where a web identity is traded for a role.
* @throws {OidcError} `mint_failed`, `mint_variable_missing`, `invalid_option` and those of a request.
*/
async function awsIdentity(stsUrl, runtime, limits) {
	const { environment } = runtime;
	const region = (environment.AWS_REGION || environment.AWS_DEFAULT_REGION)?.trim() || void 0;
	const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: session } = environment;
	if (id && secret) return {
		region,
		credentials: {
			accessKeyId: id.trim(),
			secretAccessKey: secret.trim(),
			sessionToken: cleanToken(session)
		}
	};
	const { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: role } = environment;
	if (file && role) return {
		region,
		credentials: await assumeRole(file, role, stsUrl(requireRegion(region)), runtime, limits)
	};
	const container = containerUrl(runtime);
	if (container !== void 0) return {
		region,
		credentials: await askContainer(container, runtime, limits)
	};
	const instance = await openInstanceMetadata(runtime, limits);
	return {
		region: region ?? await instance.text("placement/region"),
		credentials: await ofInstance(instance)
	};
}
/** STS answers at regional addresses only. @throws {OidcError} `mint_variable_missing`. */
function requireRegion(region) {
	if (region !== void 0 && /^[a-z0-9-]{3,40}$/.test(region)) return region;
	throw new OidcError("mint_variable_missing", "The AWS region is not known. Set AWS_REGION, for example AWS_REGION=us-east-1.");
}
async function assumeRole(file, role, url, runtime, limits) {
	const webIdentity = await readTokenFileAt(file, "AWS_WEB_IDENTITY_TOKEN_FILE", runtime);
	if (webIdentity === void 0) throw new OidcError("mint_variable_missing", `There is no token in ${file}, which AWS_WEB_IDENTITY_TOKEN_FILE names.`);
	return credentialsIn(await sendRequest({
		method: "POST",
		url: url.href,
		headers: {
			accept: "application/json",
			"content-type": "application/x-www-form-urlencoded"
		},
		body: new URLSearchParams({
			Action: "AssumeRoleWithWebIdentity",
			Version: "2011-06-15",
			RoleArn: role,
			RoleSessionName: runtime.environment.AWS_ROLE_SESSION_NAME?.trim() || "postern",
			DurationSeconds: "900",
			WebIdentityToken: webIdentity
		}).toString(),
		retryStatuses: /* @__PURE__ */ new Set([
			429,
			500,
			502,
			503,
			504
		]),
		retryWithoutAnswer: true,
		name: "The request for the credentials of an AWS role"
	}, runtime, limits), "SessionToken");
}
function containerUrl({ environment }) {
	const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: relative, AWS_CONTAINER_CREDENTIALS_FULL_URI: full } = environment;
	if (relative) {
		const url = new URL(relative.trim(), CONTAINER_ORIGIN);
		if (url.origin === CONTAINER_ORIGIN) return url;
		throw new OidcError("invalid_option", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must be a path. Do not set it yourself.");
	}
	if (!full) return void 0;
	const url = URL.canParse(full) ? new URL(full) : void 0;
	if (url !== void 0 && /^https?:$/.test(url.protocol) && isNearby(url.hostname)) return url;
	throw new OidcError("invalid_option", "AWS_CONTAINER_CREDENTIALS_FULL_URI is not on this machine or link, so its token is not sent there. Do not set it yourself.");
}
async function askContainer(url, runtime, limits) {
	const { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file, AWS_CONTAINER_AUTHORIZATION_TOKEN: given } = runtime.environment;
	const bearer = file ? await readTokenFileAt(file, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", runtime) : cleanToken(given);
	return credentialsIn(await askNearby({
		method: "GET",
		url: url.href,
		headers: {
			accept: "application/json",
			...bearer === void 0 ? {} : { authorization: bearer }
		},
		name: "The request for the container's AWS credentials",
		whenSilent: SILENT$1
	}, runtime, limits), "Token");
}
async function ofInstance(instance) {
	const role = (await instance.text("iam/security-credentials/")).split("\n")[0]?.trim() ?? "";
	return credentialsIn(await instance.get(`iam/security-credentials/${encodeURIComponent(role)}`), "Token");
}
function credentialsIn(answer, sessionName) {
	const accessKeyId = awsValueIn(answer.body, "AccessKeyId");
	const secretAccessKey = awsValueIn(answer.body, "SecretAccessKey");
	const sessionToken = awsValueIn(answer.body, sessionName);
	if (answer.status === 200 && accessKeyId !== void 0 && secretAccessKey !== void 0 && sessionToken !== void 0) return {
		accessKeyId,
		secretAccessKey,
		sessionToken
	};
	throw new OidcError("mint_failed", `AWS gave this workload no credentials (status ${answer.status}). ${SILENT$1}`, { status: answer.status });
}
// packages/client/dist/mint/aws.js
/** Lambda, ECS, CodeBuild, EKS say so; a plain instance does not, and is named by `HF_OIDC_PROVIDER=aws`. */
const SIGNS$1 = [
	"AWS_LAMBDA_FUNCTION_NAME",
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	"AWS_CONTAINER_CREDENTIALS_FULL_URI",
	"AWS_WEB_IDENTITY_TOKEN_FILE",
	"CODEBUILD_BUILD_ID"
];
/** Asks STS for a token about the workload's own role (`GetWebIdentityToken`). */
const aws = {
	id: "aws",
	title: "AWS",
	detects: (environment) => SIGNS$1.some((name) => Boolean(environment[name])),
	source: (environment, audience) => ({
		identity: `aws ${[
			...SIGNS$1,
			"AWS_ACCESS_KEY_ID",
			"AWS_SESSION_TOKEN",
			"AWS_ROLE_ARN"
		].map((name) => environment[name]).join(" ")} ${audience}`,
		renewable: true,
		obtain: (runtime, limits) => mint$2(audience, runtime, limits)
	})
};
async function mint$2(audience, runtime, limits) {
	const signer = await runtime.loadAwsSigner();
	if (signer === void 0) throw new OidcError("signer_missing", "A login on AWS needs a package that signs requests to AWS, which is not installed: run `npm install @smithy/signature-v4@5` beside it, or with npx add `-p @smithy/signature-v4@5`.");
	const identity = await awsIdentity((region) => stsUrl(region, runtime.environment), runtime, limits);
	const region = requireRegion(identity.region);
	const url = stsUrl(region, runtime.environment);
	const body = new URLSearchParams({
		Action: "GetWebIdentityToken",
		Version: "2011-06-15",
		"Audience.member.1": audience,
		SigningAlgorithm: "ES384",
		DurationSeconds: "300"
	}).toString();
	const headers = await signer.sign({
		url,
		body,
		service: "sts",
		region
	}, identity.credentials, runtime.now());
	const token = tokenIn(await sendRequest({
		method: "POST",
		url: url.href,
		headers,
		body,
		retryStatuses: /* @__PURE__ */ new Set([
			429,
			500,
			502,
			503,
			504
		]),
		retryWithoutAnswer: true,
		name: "The request for an AWS web identity token"
	}, runtime, limits), audience);
	maskSecret(token, runtime);
	return token;
}
/** Regional, as AWS's SDKs have it: the global address does not know this call. */
function stsUrl(region, environment) {
	const given = (environment.AWS_ENDPOINT_URL_STS || environment.AWS_ENDPOINT_URL)?.trim() || void 0;
	if (given === void 0) return new URL(`https://sts.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}/`);
	const url = URL.canParse(given) ? new URL(given) : void 0;
	if (url?.protocol === "https:" || url?.protocol === "http:" && isNearby(url.hostname)) return url;
	throw new OidcError("invalid_option", "AWS_ENDPOINT_URL_STS must be an https URL, or one of this machine.");
}
function tokenIn(answer, audience) {
	if (answer.status !== 200) {
		const words = readServerWords(answer.status, answer.headers, answer.body);
		const said = cleanLine(awsValueIn(answer.body, "Code")) ?? words.errorDescription;
		throw new OidcError("mint_failed", `AWS issued no web identity token (status ${answer.status}${said === void 0 ? "" : `, ${said}`}). Allow the role sts:GetWebIdentityToken, and let an administrator of the account enable outbound web identity federation.`, words);
	}
	const token = cleanToken(awsValueIn(answer.body, "WebIdentityToken"));
	if (token === void 0 || readUnverifiedClaims(token)?.audiences.includes(audience) !== true) throw new OidcError("mint_failed", "AWS answered without a web identity token for the audience. Try again.", { status: answer.status });
	return token;
}
// packages/client/dist/mint/azure.js
const IMDS = "http://169.254.169.254/metadata/identity/oauth2/token";
const AUTHORITY = "https://login.microsoftonline.com/";
const SILENT = "Assign a managed identity to the machine or app; elsewhere unset HF_OIDC_PROVIDER and the variables of Azure.";
/** A workload identity (AKS) where its file is named, else the managed identity of an app, else that of a virtual machine. */
const azure = {
	id: "azure",
	title: "Azure",
	detects: (environment) => Boolean(environment.AZURE_FEDERATED_TOKEN_FILE) || Boolean(environment.IDENTITY_ENDPOINT),
	source: (environment, audience) => {
		const { AZURE_FEDERATED_TOKEN_FILE: file, IDENTITY_ENDPOINT: endpoint, AZURE_CLIENT_ID: client } = environment;
		return {
			identity: `azure ${file} ${endpoint} ${client} ${audience}`,
			renewable: true,
			obtain: async (runtime, limits) => {
				const token = accessTokenIn(file ? await federate(file, audience, runtime, limits) : await ask(audience, runtime, limits), audience);
				maskSecret(token, runtime);
				return token;
			}
		};
	}
};
/** The managed identity of an app (App Service, Functions, Container Apps) or of a virtual machine. */
function ask(audience, runtime, limits) {
	const { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: header, AZURE_CLIENT_ID: client } = runtime.environment;
	const url = new URL(endpoint ? nearbyEndpoint(endpoint) : IMDS);
	url.searchParams.set("api-version", endpoint ? "2019-08-01" : "2018-02-01");
	url.searchParams.set("resource", audience);
	if (client) url.searchParams.set("client_id", client.trim());
	if (endpoint && !header) throw new OidcError("mint_variable_missing", "IDENTITY_ENDPOINT is set and IDENTITY_HEADER is not. Azure sets both; do not set them yourself.");
	return askNearby({
		method: "GET",
		url: url.href,
		headers: {
			accept: "application/json",
			...endpoint ? { "x-identity-header": header ?? "" } : { metadata: "true" }
		},
		name: "The request for a token of the Azure managed identity",
		whenSilent: SILENT
	}, runtime, limits);
}
function nearbyEndpoint(text) {
	const url = URL.canParse(text) ? new URL(text) : void 0;
	if (url !== void 0 && /^https?:$/.test(url.protocol) && isNearby(url.hostname)) return url.href;
	throw new OidcError("invalid_option", "IDENTITY_ENDPOINT is not on this machine or link, so its secret header is not sent there. Do not set it yourself.");
}
/** Trades the pod's own token for one of Entra (RFC 7523 §2.2), as the workload identity of AKS does. */
async function federate(file, audience, runtime, limits) {
	const { AZURE_CLIENT_ID: client, AZURE_TENANT_ID: tenant } = runtime.environment;
	if (!client || !tenant || !/^[A-Za-z0-9.-]+$/.test(tenant)) throw new OidcError("mint_variable_missing", "AZURE_FEDERATED_TOKEN_FILE is set, but AZURE_CLIENT_ID or AZURE_TENANT_ID is not. Label the pod `azure.workload.identity/use: \"true\"` and annotate its service account with the client id.");
	const assertion = await readTokenFileAt(file, "AZURE_FEDERATED_TOKEN_FILE", runtime);
	if (assertion === void 0) throw new OidcError("mint_variable_missing", `There is no token in ${file}. Check the pod's label \`azure.workload.identity/use\`.`);
	return sendRequest({
		method: "POST",
		url: new URL(`${tenant}/oauth2/v2.0/token`, authority(runtime.environment)).href,
		headers: {
			accept: "application/json",
			"content-type": "application/x-www-form-urlencoded"
		},
		body: new URLSearchParams({
			grant_type: "client_credentials",
			client_id: client.trim(),
			client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
			client_assertion: assertion,
			scope: `${audience}/.default`
		}).toString(),
		retryStatuses: /* @__PURE__ */ new Set([
			429,
			500,
			502,
			503,
			504
		]),
		retryWithoutAnswer: true,
		name: "The request for an Entra token"
	}, runtime, limits);
}
/** The pod's token goes there, so it is `https`, or this very machine in a test. */
function authority(environment) {
	const text = environment.AZURE_AUTHORITY_HOST?.trim() || AUTHORITY;
	const url = URL.canParse(text) ? new URL(text.endsWith("/") ? text : `${text}/`) : void 0;
	if (url?.protocol === "https:" || url?.protocol === "http:" && isNearby(url.hostname)) return url;
	throw new OidcError("invalid_option", `AZURE_AUTHORITY_HOST must be an https URL such as ${AUTHORITY}`);
}
function accessTokenIn(answer, audience) {
	const words = readServerWords(answer.status, answer.headers, answer.body);
	if (answer.status !== 200) {
		const said = words.errorDescription === void 0 ? "" : `: ${words.errorDescription}`;
		throw new OidcError("mint_failed", `Azure issued no token for ${audience} (status ${answer.status})${said}. The audience must be an app registration of your tenant: put its id (api://…) into HF_OIDC_AUDIENCE and into the publisher.`, words);
	}
	const value = parseObject(answer.body)?.access_token;
	const token = typeof value === "string" ? cleanToken(value) : void 0;
	if (token === void 0 || readUnverifiedClaims(token) === void 0) throw new OidcError("mint_failed", `Azure answered without a token that can be read. Use the id of your own app registration as HF_OIDC_AUDIENCE, not ${audience}.`, {
		status: answer.status,
		requestId: words.requestId
	});
	return token;
}
// packages/client/dist/mint/bitbucket-pipelines.js
const VARIABLE = "BITBUCKET_STEP_OIDC_TOKEN";
/** Longest audience that Bitbucket takes, in characters. */
const LONGEST_AUDIENCE = 150;
/** A Bitbucket step gets one token for all the audiences that its `oidc` keyword lists, before it starts. */
const bitbucketPipelines = {
	id: "bitbucket",
	title: "Bitbucket Pipelines",
	detects: ({ BITBUCKET_BUILD_NUMBER: build }) => build !== void 0 && build !== "",
	source: (environment, audience) => {
		const token = cleanToken(environment[VARIABLE]);
		const claims = token === void 0 ? void 0 : readUnverifiedClaims(token);
		if (token === void 0 || !claims?.audiences.includes(audience)) throw missing$1(audience, claims?.audiences);
		return {
			identity: `bitbucket ${token}`,
			renewable: false,
			obtain: async () => token
		};
	}
};
function missing$1(audience, found) {
	const got = found === void 0 ? "" : ` (${VARIABLE} is for ${cleanLine(found.join(", ")) ?? "nobody"}; the audience must be the same text, to the last slash)`;
	const long = audience.length > LONGEST_AUDIENCE ? ` Bitbucket takes at most ${LONGEST_AUDIENCE} characters.` : "";
	return new OidcError("mint_variable_missing", `This Bitbucket step has no id token for ${audience}${got}. List that audience alone on the step, in bitbucket-pipelines.yml:\n\n${declaration$1(audience)}\n${long}`);
}
function declaration$1(audience) {
	return [
		"    - step:",
		"        oidc:",
		"          audiences:",
		`            - ${audience}`
	].join("\n");
}
// packages/client/dist/mint/command-id-token.js
/** Asks the provider's own command. @throws {OidcError} `mint_command_missing`, `mint_failed`, `timed_out`. */
async function idTokenOfCommand(asked, runtime, limits) {
	const { title, command, args, audience } = asked;
	const what = `The command ${command} for a ${title} id token`;
	if (limits.signal.aborted) throw cutShort(limits, what);
	const outcome = await within(runtime.runCommand(command, args, runtime.environment, limits.signal).catch(() => {
		throw limits.signal.aborted ? cutShort(limits, what) : new OidcError("mint_failed", `\`${command}\` could not be run. Check that it is executable.`);
	}), limits, what);
	if (outcome.kind === "not-found") throw new OidcError("mint_command_missing", `${title} issues id tokens through its command \`${command}\`, which is not on this job's PATH. ${asked.whenMissing}`);
	if (outcome.exitCode !== 0) {
		const said = cleanLine(outcome.stderr);
		throw new OidcError("mint_failed", `${title} issued no id token: \`${command}\` ended with exit code ${outcome.exitCode}${said === void 0 ? "" : ` (${said})`}. ${asked.whenRefused}`);
	}
	const token = cleanToken(outcome.stdout);
	const claims = token === void 0 ? void 0 : readUnverifiedClaims(token);
	if (token === void 0 || !claims?.audiences.includes(audience)) throw new OidcError("mint_failed", `\`${command}\` printed no id token for ${audience}. Update it: \`${[command, ...args].join(" ")}\` must print the token alone.`);
	maskSecret(token, runtime);
	return token;
}
// packages/client/dist/mint/buildkite.js
/** What the agent is asked to put in besides: without these a token names its tenant by slugs alone, which can be taken again. */
const CLAIMS = "organization_id,pipeline_id";
const LIFETIME_SECONDS = 300;
/** Asks the agent, which mints for the job that it runs. */
const buildkite = {
	id: "buildkite",
	title: "Buildkite",
	detects: (environment) => environment.BUILDKITE === "true",
	source: (environment, audience) => ({
		identity: `buildkite ${environment.BUILDKITE_JOB_ID} ${audience}`,
		renewable: true,
		obtain: (runtime, limits) => {
			const lifetime = LIFETIME_SECONDS - Math.floor(runtime.random() * 120);
			return idTokenOfCommand({
				title: "Buildkite",
				command: "buildkite-agent",
				args: [
					"oidc",
					"request-token",
					"--audience",
					audience,
					"--claim",
					CLAIMS,
					"--lifetime",
					String(lifetime)
				],
				audience,
				whenMissing: "In a container, give it the agent: with the docker plugin set `mount-buildkite-agent: true` and `propagate-environment: true`.",
				whenRefused: "Use a buildkite-agent whose `oidc request-token` knows `--claim`, inside a job that it runs."
			}, runtime, limits);
		}
	})
};
// packages/client/dist/mint/circleci.js
/** A ready token with less than this left is not worth sending. */
const SPARE_SECONDS = 60;
/**
* The ready token where its audience fits, else the command that every CircleCI job has (`circleci run oidc get`).
*
* The ready token is for the organisation's id, so it fits only where that is the audience.
*/
const circleCi = {
	id: "circleci",
	title: "CircleCI",
	detects: (environment) => environment.CIRCLECI === "true",
	source: (environment, audience) => {
		const root = isSwitchedOn(environment, "POSTERN_CIRCLECI_ROOT_ISSUER");
		const { CIRCLE_WORKFLOW_JOB_ID: job, CIRCLE_OIDC_TOKEN_V2: ready } = environment;
		return {
			identity: `circleci ${job} ${ready} ${audience} ${root}`,
			renewable: true,
			obtain: async (runtime, limits) => {
				const fitting = root ? void 0 : readyToken(audience, runtime);
				if (fitting !== void 0) return fitting;
				const claims = JSON.stringify({ aud: audience });
				return idTokenOfCommand({
					title: "CircleCI",
					command: "circleci",
					args: [
						"run",
						"oidc",
						"get",
						...root ? ["--root-issuer"] : [],
						"--claims",
						claims
					],
					audience,
					whenMissing: `Log in from a step of the job itself, or get the token there and pass it on: HF_OIDC_ID_TOKEN="$(circleci run oidc get --claims '${claims}')".`,
					whenRefused: "A build of a forked pull request gets no id token unless the project passes secrets to such builds, which is not advisable; publish after the merge."
				}, runtime, limits);
			}
		};
	}
};
function readyToken(audience, runtime) {
	const token = cleanToken(runtime.environment.CIRCLE_OIDC_TOKEN_V2);
	const claims = token === void 0 ? void 0 : readUnverifiedClaims(token);
	if (claims === void 0 || claims.audiences.length !== 1 || claims.audiences[0] !== audience) return void 0;
	return (claims.expiresAt ?? 0) - runtime.now() / 1e3 < SPARE_SECONDS ? void 0 : token;
}
// packages/client/dist/mint/request-endpoint.js
/** Asks the runner's own endpoint (GitHub's protocol, which others took over). */
function requestEndpointSource(endpoint, environment, audience) {
	const url = environment.ACTIONS_ID_TOKEN_REQUEST_URL?.trim();
	const bearer = cleanToken(environment.ACTIONS_ID_TOKEN_REQUEST_TOKEN);
	return {
		identity: `${endpoint.id} ${url} ${bearer}`,
		renewable: true,
		obtain: async (runtime, limits) => {
			if (!url || bearer === void 0) throw await endpoint.whenMissing(runtime);
			return mint$1(endpoint, url, bearer, audience, runtime, limits);
		}
	};
}
async function mint$1({ title, whenRefused }, requestUrl, bearer, audience, runtime, limits) {
	const url = URL.canParse(requestUrl) ? new URL(requestUrl) : void 0;
	if (url === void 0 || !/^https?:$/.test(url.protocol) || !/^[\x21-\x7e]+$/.test(bearer)) throw new OidcError("mint_failed", `ACTIONS_ID_TOKEN_REQUEST_URL or ACTIONS_ID_TOKEN_REQUEST_TOKEN is not what ${title} puts there. Do not set them yourself.`);
	url.searchParams.set("audience", audience);
	const answer = await sendRequest({
		method: "GET",
		url: url.href,
		headers: {
			accept: "application/json",
			authorization: `Bearer ${bearer}`
		},
		retryStatuses: /* @__PURE__ */ new Set([
			429,
			500,
			502,
			503,
			504
		]),
		retryWithoutAnswer: true,
		name: `The request for a ${title} id token`
	}, runtime, limits);
	const words = readServerWords(answer.status, answer.headers, answer.body);
	if (answer.status !== 200) {
		const said = words.errorDescription === void 0 ? "" : `: ${words.errorDescription}`;
		throw new OidcError("mint_failed", `${title} refused to issue an id token (status ${answer.status})${said}. ${whenRefused}`, words);
	}
	const value = parseObject(answer.body)?.value;
	if (typeof value !== "string" || readUnverifiedClaims(value) === void 0) throw new OidcError("mint_failed", `${title} answered without an id token. Run the job again.`, {
		status: answer.status,
		requestId: words.requestId
	});
	maskSecret(value, runtime);
	return value;
}
// packages/client/dist/mint/forgejo.js
const ENDPOINT$1 = {
	id: "forgejo",
	title: "Forgejo Actions",
	whenRefused: "Check that the job sets `enable-openid-connect: true` and is still running.",
	whenMissing: async () => new OidcError("mint_permission_missing", "This Forgejo job may not request an id token. Add `enable-openid-connect: true` to the job or to the workflow; the instance must offer it (Forgejo 15 or newer).")
};
/** Asks the instance, by GitHub's protocol. A Forgejo job also says that it is one of GitHub's, so this comes first. */
const forgejo = {
	id: ENDPOINT$1.id,
	title: ENDPOINT$1.title,
	detects: (environment) => environment.FORGEJO_ACTIONS === "true",
	source: (environment, audience) => requestEndpointSource(ENDPOINT$1, environment, audience)
};
// packages/client/dist/mint/gcp.js
const METADATA_HOST = "metadata.google.internal";
const IDENTITY_PATH = "/computeMetadata/v1/instance/service-accounts/default/identity";
/** Cloud Run services, jobs and functions, and App Engine say so; a plain VM does not, and is named by `HF_OIDC_PROVIDER=gcp`. */
const SIGNS = [
	"GCE_METADATA_HOST",
	"K_SERVICE",
	"CLOUD_RUN_JOB",
	"FUNCTION_TARGET",
	"GAE_SERVICE"
];
/** Asks the metadata server for an identity token of the attached service account. */
const gcp = {
	id: "gcp",
	title: "Google Cloud",
	detects: (environment) => SIGNS.some((name) => Boolean(environment[name])),
	source: (environment, audience) => {
		const host = metadataHost(environment);
		return {
			identity: `gcp ${host} ${audience}`,
			renewable: true,
			obtain: (runtime, limits) => mint(host, audience, runtime, limits)
		};
	}
};
/** As Google's own libraries read it: host and port, without a scheme. */
function metadataHost(environment) {
	const host = environment.GCE_METADATA_HOST?.trim() || METADATA_HOST;
	const url = URL.canParse(`http://${host}/`) ? new URL(`http://${host}/`) : void 0;
	if (url !== void 0 && url.host === host.toLowerCase().replace(/:80$/, "") && (isNearby(url.hostname) || url.hostname === METADATA_HOST)) return host;
	throw new OidcError("invalid_option", "GCE_METADATA_HOST must be the host and port of a metadata server on this machine or link, such as 169.254.169.254.");
}
async function mint(host, audience, runtime, limits) {
	const url = new URL(`http://${host}${IDENTITY_PATH}`);
	url.searchParams.set("audience", audience);
	url.searchParams.set("format", "full");
	const answer = await askNearby({
		method: "GET",
		url: url.href,
		headers: { "metadata-flavor": "Google" },
		name: "The request for a Google Cloud identity token",
		whenSilent: "Run it on Google Cloud, with a service account attached; elsewhere unset HF_OIDC_PROVIDER and GCE_METADATA_HOST."
	}, runtime, limits);
	const words = readServerWords(answer.status, answer.headers, answer.body);
	if (answer.headers.get("metadata-flavor")?.toLowerCase() !== "google") throw new OidcError("mint_failed", `Whoever answers at ${host} is no Google metadata server. Check GCE_METADATA_HOST and the network.`);
	if (answer.status !== 200) throw new OidcError("mint_failed", `Google Cloud issued no identity token (status ${answer.status}). Attach a service account to the VM, service or job; default credentials of another kind cannot have one.`, words);
	const token = cleanToken(answer.body);
	if (token === void 0 || readUnverifiedClaims(token)?.audiences.includes(audience) !== true) throw new OidcError("mint_failed", "The metadata server answered without an identity token for the audience. Try again.");
	maskSecret(token, runtime);
	return token;
}
// packages/client/dist/mint/github-pull-request.js
/**
* Whether the job runs for a pull request whose branch lives in another repository.
*
* Compares the two repositories instead of trusting `head.repo.fork`, which is also true inside a repository that was itself
* forked from somewhere. A deleted fork has no `head.repo` at all. `pull_request_target` runs with the base's permissions, so
* there a missing id token is a missing permission.
*/
async function isForkPullRequest(runtime) {
	const { GITHUB_EVENT_NAME: eventName, GITHUB_EVENT_PATH: eventPath } = runtime.environment;
	if (!eventPath || eventName === void 0 || !/^pull_request(_review|_review_comment)?$/.test(eventName)) return false;
	const pullRequest = member(parseObject(await runtime.readTextFile(eventPath).catch(() => void 0) ?? ""), "pull_request");
	if (pullRequest === void 0) return false;
	const head = repositoryOf(pullRequest, "head");
	const base = repositoryOf(pullRequest, "base");
	return base !== void 0 && head !== base;
}
function repositoryOf(pullRequest, side) {
	const repository = member(member(pullRequest, side), "repo");
	const id = member(repository, "id");
	if (typeof id === "number" || typeof id === "string") return String(id);
	const name = member(repository, "full_name");
	return typeof name === "string" ? name.toLowerCase() : void 0;
}
function member(value, name) {
	if (typeof value !== "object" || value === null) return void 0;
	return Object.entries(value).find(([key]) => key === name)?.[1];
}
// packages/client/dist/mint/github-actions.js
const GUIDE = "https://docs.github.com/en/actions/security-for-github-actions/security-hardening-your-deployments/about-security-hardening-with-openid-connect";
const ENDPOINT = {
	id: "github",
	title: "GitHub Actions",
	whenRefused: `Check that the job sets \`permissions: id-token: write\` and has not been running for longer than its token lives. See ${GUIDE}`,
	whenMissing: missingPermission
};
/** Asks the runner's own endpoint, which GitHub offers to jobs with `permissions: id-token: write` only. */
const githubActions = {
	id: ENDPOINT.id,
	title: ENDPOINT.title,
	detects: (environment) => environment.GITHUB_ACTIONS === "true",
	source: (environment, audience) => requestEndpointSource(ENDPOINT, environment, audience)
};
async function missingPermission(runtime) {
	if (await isForkPullRequest(runtime)) return new OidcError("mint_fork_pull_request", "GitHub gives no id token to a pull request from a fork, whatever the job's permissions are. Publish after the merge: run this step on `push`, a tag or `release`, or skip it with `if: github.event.pull_request.head.repo.full_name == github.repository`.");
	return new OidcError("mint_permission_missing", `This GitHub Actions job may not request an id token. Add \`permissions:\` with \`id-token: write\` (and \`contents: read\` for the checkout) to the job; a reusable workflow needs it in the calling job too. See ${GUIDE}`);
}
// packages/client/dist/mint/gitlab-ci.js
/** A GitLab job cannot request an id token while it runs: it has those that its `id_tokens` keyword declares. */
const gitlabCi = {
	id: "gitlab",
	title: "GitLab CI/CD",
	detects: (environment) => environment.GITLAB_CI === "true",
	source: (environment, audience) => {
		const { token } = choose(environment, audience);
		return {
			identity: `gitlab ${token}`,
			renewable: false,
			obtain: async () => token
		};
	}
};
function choose(environment, audience) {
	const candidates = idTokensIn(environment);
	const fitting = candidates.filter(({ claims }) => claims.audiences.includes(audience));
	const [first] = fitting;
	if (first === void 0) throw missing(environment, audience, candidates);
	if (fitting.some(({ token }) => token !== first.token)) throw ambiguous(audience, fitting);
	return first;
}
function idTokensIn(environment) {
	return Object.entries(environment).flatMap(([variable, value]) => {
		const token = cleanToken(value);
		const claims = token === void 0 ? void 0 : readUnverifiedClaims(token);
		return token === void 0 || claims === void 0 ? [] : [{
			variable,
			token,
			claims
		}];
	});
}
function missing(environment, audience, candidates) {
	const others = candidates.filter(({ claims }) => claims.issuer === environment.CI_SERVER_URL).map(({ variable, claims }) => `${variable} has the audience ${claims.audiences.join(", ")}`);
	return new OidcError("mint_variable_missing", `This GitLab job has no id token for ${audience}${others.length === 0 ? "" : ` (${cleanLine(others.join("; "))}; it must be the same text, to the last slash)`}. Declare one in the job, in .gitlab-ci.yml:\n\n${declaration(audience)}\n`);
}
function ambiguous(audience, fitting) {
	return new OidcError("mint_variable_ambiguous", `This GitLab job has several id tokens for ${audience}: ${fitting.map(({ variable }) => variable).join(", ")}. Keep one, or name the one to use HF_OIDC_ID_TOKEN, in .gitlab-ci.yml:\n\n${declaration(audience)}\n`);
}
/** Named `HF_OIDC_ID_TOKEN`, because every client reads that variable without further advice. */
function declaration(audience) {
	return [
		"  id_tokens:",
		"    HF_OIDC_ID_TOKEN:",
		`      aud: ${audience}`
	].join("\n");
}
// packages/client/dist/mint/kubernetes.js
/** Where a pod that follows our manifest has its token. */
const DEFAULT_PATH = "/var/run/secrets/postern/token";
/**
* Reads the pod's projected service account token.
*
* Never the one that every pod has: that is for the cluster's API server, and whoever gets it can act in the cluster.
*/
const kubernetes = {
	id: "kubernetes",
	title: "Kubernetes",
	detects: (environment) => pathIn(environment) !== void 0 || Boolean(environment.KUBERNETES_SERVICE_HOST),
	source: (environment, audience) => {
		const path = pathIn(environment) ?? DEFAULT_PATH;
		return {
			identity: `kubernetes ${path} ${audience}`,
			renewable: true,
			obtain: async (runtime) => fittingToken(path, audience, runtime)
		};
	}
};
function pathIn(environment) {
	return environment.HF_OIDC_ID_TOKEN_FILE?.trim() || void 0;
}
async function fittingToken(path, audience, runtime) {
	const token = await readTokenFileAt(path, "HF_OIDC_ID_TOKEN_FILE", runtime);
	if (token === void 0) throw new OidcError("mint_variable_missing", `This pod has no token for ${audience} in ${path}. ${advice(audience)}`);
	const claims = readUnverifiedClaims(token);
	if (claims === void 0) throw new OidcError("mint_failed", `The file ${path} holds no id token. ${advice(audience)}`);
	if (claims.audiences.length !== 1 || claims.audiences[0] !== audience) throw new OidcError("mint_variable_missing", `The token in ${path} is for ${cleanLine(claims.audiences.join(", ")) ?? "nobody"}, not for ${audience}, and is not sent. ${advice(audience)}`);
	maskSecret(token, runtime);
	return token;
}
function advice(audience) {
	return `Mount one in the pod's manifest, or name its file in HF_OIDC_ID_TOKEN_FILE; for another identity of the pod set HF_OIDC_PROVIDER (aws, azure, gcp):\n\n${[
		"      volumes:",
		"        - name: postern",
		"          projected:",
		"            sources:",
		"              - serviceAccountToken:",
		`                  audience: ${audience}`,
		"                  expirationSeconds: 3600",
		"                  path: token",
		"      containers:",
		"        - volumeMounts:",
		`            - { name: postern, mountPath: ${DEFAULT_PATH.replace(/\/token$/, "")}, readOnly: true }`
	].join("\n")}\n`;
}
// packages/client/dist/mint/supplied-id-token.js
/** The ready id token in `HF_OIDC_ID_TOKEN`, for any provider; empty counts as unset. */
function suppliedIdToken(environment) {
	const token = cleanToken(environment.HF_OIDC_ID_TOKEN);
	return token === void 0 ? void 0 : suppliedSource(token);
}
/** An id token that somebody else minted: it serves as long as it lives and cannot be had again. */
function suppliedSource(token) {
	return {
		identity: `supplied ${token}`,
		renewable: false,
		obtain: async (runtime) => {
			maskSecret(token, runtime);
			return token;
		}
	};
}
// packages/client/dist/mint/choose-id-token-source.js
/**
* Providers whose id tokens are found or minted without help, in the order in which they are looked for: the CI job first, whose
* runner may itself be a pod; then what is mounted in the pod; then the cloud below it, which several pods share.
*/
const OIDC_PROVIDERS = [
	"forgejo",
	"github",
	"gitlab",
	"circleci",
	"bitbucket",
	"buildkite",
	"kubernetes",
	"azure",
	"aws",
	"gcp"
];
const MINTERS = {
	forgejo,
	github: githubActions,
	gitlab: gitlabCi,
	circleci: circleCi,
	bitbucket: bitbucketPipelines,
	buildkite,
	kubernetes,
	azure,
	aws,
	gcp
};
const SUPPORTED = OIDC_PROVIDERS.map((id) => `${id} (${MINTERS[id].title})`).join(", ");
/** The CI provider whose job this is; `undefined` when it is none that can mint here. */
function detectProvider(environment) {
	return OIDC_PROVIDERS.find((id) => MINTERS[id].detects(environment));
}
/**
* A named provider (by the caller, else by `HF_OIDC_PROVIDER`), else the ready id token in `HF_OIDC_ID_TOKEN`, else the provider whose job this is.
*
* @throws {OidcError} `unsupported_provider`, `no_provider`, or what the provider's own rules say.
*/
function chooseIdTokenSource(environment, audience, named) {
	const provider = named ?? (environment.HF_OIDC_PROVIDER?.trim() || void 0);
	if (provider !== void 0) {
		const id = OIDC_PROVIDERS.find((known) => known === provider);
		if (id !== void 0) return MINTERS[id].source(environment, audience);
		throw new OidcError("unsupported_provider", `No id token can be minted for the provider "${provider.slice(0, 40)}". Supported: ${SUPPORTED}. For any other, put its id token in HF_OIDC_ID_TOKEN.`);
	}
	const supplied = suppliedIdToken(environment);
	if (supplied !== void 0) return supplied;
	const detected = detectProvider(environment);
	if (detected !== void 0) return MINTERS[detected].source(environment, audience);
	throw new OidcError("no_provider", `There is no id token to log in with: this is no job of a supported CI provider and HF_OIDC_ID_TOKEN is not set. Supported: ${SUPPORTED}. For any other, put its id token, with the audience ${audience}, in HF_OIDC_ID_TOKEN; outside CI, unset HF_OIDC_RESOURCE.`);
}
// packages/client/dist/revoke/revoke-token.js
/**
* Ends a token at once (RFC 7009 §2.1). Holding it is all the authority that this needs; revoking twice does no harm.
*
* @throws {OidcError} `invalid_option`, `revocation_failed`, and those of `sendRequest`.
*/
async function revokeToken({ token, endpoint }, runtime, limits) {
	const text = cleanToken(token);
	if (text === void 0) throw new OidcError("invalid_option", "The token to revoke is blank.");
	const { status, headers, body } = await sendRequest({
		method: "POST",
		url: `${endpoint}/oauth/revoke`,
		headers: {
			accept: "application/json",
			"content-type": "application/x-www-form-urlencoded"
		},
		body: new URLSearchParams({ token: text }).toString(),
		retryStatuses: /* @__PURE__ */ new Set([429, 503]),
		retryWithoutAnswer: true,
		name: "The revocation"
	}, runtime, limits);
	if (status >= 200 && status <= 299) return;
	const words = readServerWords(status, headers, body);
	throw new OidcError("revocation_failed", `${new URL(endpoint).host} did not revoke the token (status ${status}); it works until it expires.`, words);
}
// packages/client/dist/token/oidc-token-cache.js
/** Seconds before its expiry at which a token is replaced, when a new id token can be had. */
const REFRESH_MARGIN_SECONDS = 300;
/** Seconds for which a token that is still good is served after a failed early refresh. */
const REFRESH_PAUSE_SECONDS = 30;
/**
* Exchanged tokens of this process, in memory only.
*
* However many callers ask at once, one exchange runs per endpoint, resource and identity. It runs under its own deadline and
* none of their signals: a caller that gives up must not take the others down, nor lose a token that is already paid for with
* a single-use id token.
*/
var OidcTokenCache = class {
	#runtime;
	#entries = /* @__PURE__ */ new Map();
	#flights = /* @__PURE__ */ new Map();
	constructor(runtime) {
		this.#runtime = runtime;
	}
	/** @throws {OidcError} as `loginWith`; the caller's abort reason. */
	async get(login, options) {
		const key = JSON.stringify([
			login.endpoint,
			login.resource,
			login.source.identity,
			login.dpop
		]);
		const now = this.#runtime.now();
		const limits = limitsOf(options, now);
		limits.signal.throwIfAborted();
		const entry = this.#entries.get(key);
		if (entry !== void 0 && now >= entry.obtainedAt && now < entry.refreshAt) return entry.token;
		return within(this.#flight(key, login, options), limits, "The keyless login");
	}
	/** The next `get` logs in anew. */
	forget(token) {
		for (const [key, entry] of this.#entries) if (entry.token.accessToken === token) this.#entries.delete(key);
	}
	#flight(key, login, options) {
		const running = this.#flights.get(key);
		if (running !== void 0) return running;
		const flight = this.#login(key, login, options).finally(() => this.#flights.delete(key));
		flight.catch(() => void 0);
		this.#flights.set(key, flight);
		return flight;
	}
	async #login(key, login, options) {
		const startedAt = this.#runtime.now();
		const deadlineMs = Math.max(DEFAULT_DEADLINE_MS, options.deadlineMs ?? 0);
		try {
			const { source, endpoint, resource } = login;
			const token = await (login.dpop ? boundLogin : loginWith)(source, {
				endpoint,
				resource
			}, this.#runtime, limitsOf({ deadlineMs }, startedAt));
			this.#prune();
			this.#entries.set(key, entryFor(token, login.source.renewable, startedAt));
			return token;
		} catch (error) {
			const entry = this.#entries.get(key);
			const now = this.#runtime.now();
			if (entry !== void 0 && isTransient(error) && now >= entry.obtainedAt && now < entry.expiresAt) {
				this.#entries.set(key, {
					...entry,
					refreshAt: Math.min(entry.expiresAt, now + REFRESH_PAUSE_SECONDS * 1e3)
				});
				return entry.token;
			}
			this.#entries.delete(key);
			throw error;
		}
	}
	/** Forgets dead tokens, so that a long-lived process with changing id tokens does not collect them. */
	#prune() {
		const now = this.#runtime.now();
		for (const [key, entry] of this.#entries) if (now >= entry.expiresAt) this.#entries.delete(key);
	}
};
/** Life is counted from before the exchange: the answer's way back must not make a token look younger than it is. */
function entryFor(token, renewable, startedAt) {
	const life = token.expiresInSeconds;
	return {
		token,
		obtainedAt: startedAt,
		refreshAt: startedAt + (life - (renewable ? Math.min(REFRESH_MARGIN_SECONDS, life / 2) : 0)) * 1e3,
		expiresAt: startedAt + life * 1e3
	};
}
// packages/client/dist/error/token-error.js
/** A token that was given or stored and cannot be used; the message holds no token. */
var TokenError = class extends Error {
	name = "TokenError";
	code;
	constructor(code, message) {
		super(message);
		this.code = code;
	}
};
// packages/client/dist/token/token-file.js
/** `HF_HOME`, else `$XDG_CACHE_HOME/huggingface`, else `~/.cache/huggingface`; `~` and `$VAR` are expanded. */
function hubHomePath(runtime) {
	const { HF_HOME, XDG_CACHE_HOME } = runtime.environment;
	return expanded(HF_HOME || `${XDG_CACHE_HOME || "~/.cache"}/huggingface`, runtime);
}
/** `HF_TOKEN_PATH`, else `token` in the hub's home. */
function tokenFilePath(runtime) {
	const { HF_TOKEN_PATH } = runtime.environment;
	return HF_TOKEN_PATH ? expanded(HF_TOKEN_PATH, runtime) : `${hubHomePath(runtime)}/token`;
}
/**
* The token of the last login on this machine; `undefined` when there is none.
*
* @throws {TokenError} `token_file_unreadable`: going on without it would act as somebody else.
*/
async function readTokenFile(runtime) {
	const path = tokenFilePath(runtime);
	try {
		return cleanToken(await runtime.readTextFile(path));
	} catch {
		throw new TokenError("token_file_unreadable", `The token file ${path} cannot be read. Give yourself the right to read it, or point HF_TOKEN_PATH elsewhere.`);
	}
}
function expanded(path, { environment, homeDirectory }) {
	return (/^~(?=$|[/\\])/.test(path) ? homeDirectory() + path.slice(1) : path).replaceAll(/\$(?:\{([^}]+)\}|(\w+))/g, (whole, braced, bare) => variable(environment, braced ?? bare ?? "", whole));
}
/** An unknown variable stays as it is written, as in Python's `expandvars`. */
function variable(environment, name, whole) {
	return environment[name] ?? whole;
}
// packages/client/dist/token/resolve-token.js
/**
* Finds the token to send: explicit, then the keyless login when it is turned on, then the environment, then the token file.
*
* A keyless login that was asked for and fails never falls through to a stored token: that would act under another identity,
* silently.
*
* @throws {OidcError} when the keyless login fails. @throws {TokenError} when a given or stored token cannot be used.
*/
async function resolveToken(options, runtime, cache) {
	options.signal?.throwIfAborted();
	const { environment } = runtime;
	if (typeof options.token === "string") return explicit(options.token);
	if (options.token === false) return {
		kind: "none",
		reason: "not_wanted"
	};
	if (options.token !== true && isSwitchedOn(environment, "HF_HUB_DISABLE_IMPLICIT_TOKEN")) return {
		kind: "none",
		reason: "switched_off"
	};
	const resource = wantedResource(options, environment);
	if (resource === void 0) return await stored(runtime) ?? {
		kind: "none",
		reason: "not_found"
	};
	if (precedence(options, environment) === "last") {
		const found = await stored(runtime);
		if (found !== void 0) return found;
	}
	const endpoint = resolveEndpoint(options.endpoint, environment);
	const login = {
		endpoint,
		resource,
		source: chooseIdTokenSource(environment, audienceOf(void 0, endpoint, environment), void 0),
		dpop: options.dpop === true
	};
	const { accessToken, prove } = await cache.get(login, options);
	return {
		kind: "token",
		token: accessToken,
		source: "oidc",
		resource,
		...prove === void 0 ? {} : { prove }
	};
}
function explicit(text) {
	const token = cleanToken(text);
	if (token !== void 0) return {
		kind: "token",
		token,
		source: "explicit"
	};
	throw new TokenError("token_blank", "The token given is blank. Pass a token, or leave it out to use the one of this machine or job.");
}
/** Setting the variable is the opt-in, so blanks alone are a mistake to report, not a reason to go on without. */
function wantedResource(options, environment) {
	const text = options.resource ?? environment.HF_OIDC_RESOURCE;
	if (text === void 0 || text === "") return void 0;
	const resource = text.trim();
	if (resource !== "") return resource;
	throw new OidcError("invalid_resource", "HF_OIDC_RESOURCE is set but blank. Set it to a repo such as acme/model or datasets/acme/data or to a user name, or unset it.");
}
function precedence(options, environment) {
	const text = options.oidc ?? (environment.HF_OIDC_PRECEDENCE || "first").trim().toLowerCase();
	if (text === "first" || text === "last") return text;
	throw new OidcError("invalid_option", "HF_OIDC_PRECEDENCE must be `first` or `last`, for example HF_OIDC_PRECEDENCE=last.");
}
/** The second variable counts only when the first is empty. */
async function stored(runtime) {
	const { HF_TOKEN, HUGGING_FACE_HUB_TOKEN } = runtime.environment;
	const fromEnvironment = cleanToken(HF_TOKEN || HUGGING_FACE_HUB_TOKEN);
	if (fromEnvironment !== void 0) return {
		kind: "token",
		token: fromEnvironment,
		source: "environment"
	};
	const fromFile = await readTokenFile(runtime);
	return fromFile === void 0 ? void 0 : {
		kind: "token",
		token: fromFile,
		source: "file"
	};
}
// packages/client/dist/client/client.js
/** Ties the functions to their surroundings; the cache lives as long as the client does. */
function clientWith(runtime) {
	const { environment } = runtime;
	const cache = new OidcTokenCache(runtime);
	const resolve = (options = {}) => resolveToken(options, runtime, cache);
	return {
		detectProvider: () => detectProvider(environment),
		getOidcToken: async (options = {}) => {
			const limits = limitsOf(options, runtime.now());
			const audience = audienceOf(options.audience, resolveEndpoint(void 0, environment), environment);
			return chooseIdTokenSource(environment, audience, options.provider).obtain(runtime, limits);
		},
		exchangeOidcToken: async (options) => {
			const limits = limitsOf(options, runtime.now());
			const endpoint = resolveEndpoint(options.endpoint, environment);
			const { subjectToken, resource } = options;
			return exchangeOidcToken({
				subjectToken,
				resource,
				endpoint
			}, runtime, limits);
		},
		oidcLogin: async (options) => {
			const limits = limitsOf(options, runtime.now());
			const endpoint = resolveEndpoint(options.endpoint, environment);
			const source = options.subjectToken === void 0 ? chooseIdTokenSource(environment, audienceOf(options.audience, endpoint, environment), options.provider) : suppliedSource(options.subjectToken);
			return (options.dpop === true ? boundLogin : loginWith)(source, {
				resource: options.resource,
				endpoint
			}, runtime, limits);
		},
		resolveToken: resolve,
		getToken: async (options) => {
			const resolution = await resolve({
				...options,
				dpop: false
			});
			return resolution.kind === "token" ? resolution.token : void 0;
		},
		revokeToken: async (options) => {
			const limits = limitsOf(options, runtime.now());
			cache.forget(options.token);
			const endpoint = resolveEndpoint(options.endpoint, environment);
			await revokeToken({
				token: options.token,
				endpoint
			}, runtime, limits);
		}
	};
}
// packages/client/dist/adapters/aws-signer.js
/** AWS's own signer; `undefined` where it is not installed. @throws whatever it throws while it is loaded. */
async function loadAwsSigner() {
	const loaded = await import("@smithy/signature-v4").catch((error) => {
		if (error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND") return void 0;
		throw error;
	});
	if (loaded === void 0) return void 0;
	const { SignatureV4 } = loaded;
	return { sign: async ({ url, body, service, region }, { accessKeyId, secretAccessKey, sessionToken }, at) => {
		const credentials = {
			accessKeyId,
			secretAccessKey,
			...sessionToken === void 0 ? {} : { sessionToken }
		};
		const { host: _host, ...headers } = (await new SignatureV4({
			credentials,
			region,
			service,
			sha256: Sha256
		}).sign({
			method: "POST",
			protocol: url.protocol,
			hostname: url.hostname,
			path: url.pathname,
			query: {},
			headers: {
				host: url.host,
				"content-type": "application/x-www-form-urlencoded",
				accept: "application/json"
			},
			body
		}, { signingDate: new Date(at) })).headers;
		return headers;
	} };
}
/** Node's SHA-256 in the shape that the signer wants: keyed when it is given a secret. */
var Sha256 = class {
	#secret;
	#hash;
	constructor(secret) {
		this.#secret = secret;
		this.#hash = start(secret);
	}
	update(data) {
		this.#hash.update(bytesOf(data));
	}
	async digest() {
		return this.#hash.digest();
	}
	reset() {
		this.#hash = start(this.#secret);
	}
};
function start(secret) {
	return secret === void 0 ? createHash("sha256") : createHmac("sha256", bytesOf(secret));
}
function bytesOf(data) {
	if (typeof data === "string") return Buffer.from(data);
	return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
}
// packages/client/dist/adapters/run-command.js
/** Runs a command found on `environment`'s `PATH`, without a shell. @throws the signal's reason, or the system's error. */
function runCommand(command, args, environment, signal) {
	const { promise, resolve, reject } = Promise.withResolvers();
	const options = {
		env: { ...environment },
		signal,
		encoding: "utf8",
		maxBuffer: 1048576
	};
	execFile(command, [...args], options, (error, stdout, stderr) => {
		if (error === null) return resolve({
			kind: "exited",
			exitCode: 0,
			stdout,
			stderr
		});
		if (signal.aborted) return reject(signal.reason);
		if (error.code === "ENOENT") return resolve({ kind: "not-found" });
		if (typeof error.code === "number") return resolve({
			kind: "exited",
			exitCode: error.code,
			stdout,
			stderr
		});
		reject(error);
	}).stdin?.end();
	return promise;
}
// packages/client/dist/adapters/node-runtime.js
/** Node's own environment, network, clock and files; the only file of this package that reaches for them. */
const nodeRuntime = {
	environment: process$1.env,
	fetch: (input, init) => fetch(input, init),
	now: () => Date.now(),
	sleep: async (milliseconds, signal) => {
		try {
			await setTimeout(milliseconds, void 0, { signal });
		} catch (error) {
			signal.throwIfAborted();
			throw error;
		}
	},
	random: () => Math.random(),
	readTextFile: async (path) => {
		try {
			return await readFile(path, "utf8");
		} catch (error) {
			if (isMissing(error)) return void 0;
			throw error;
		}
	},
	runCommand,
	loadAwsSigner,
	homeDirectory: () => homedir(),
	writeDiagnostic: (line) => {
		process$1.stderr.write(`${line}\n`);
	}
};
function isMissing(error) {
	return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
// packages/client/dist/adapters/node-client.js
/** A client with its own cache in Node's surroundings, some of which may be replaced: another environment, a proxying `fetch`. */
function createClient(surroundings = {}) {
	return clientWith({
		...nodeRuntime,
		...surroundings
	});
}
createClient();
new TextEncoder();
new TextEncoder();
new TextEncoder();
// action/src/runner.ts
/** An input of `action.yml`: the runner upper-cases its name and keeps hyphens. */
function inputOf(name, environment) {
	return (environment[`INPUT_${name.toUpperCase()}`] ?? "").trim();
}
/** @throws {Error} when the value is neither true nor false, because a typing error must not leave a token alive. */
function flagOf(name, environment) {
	const text = inputOf(name, environment).toLowerCase();
	if (text === "true" || text === "false") return text === "true";
	throw new Error(`The input ${name} must be true or false.`);
}
/** Appends `name=value` to one of the runner's files; does nothing where the runner named none. */
function writeRunnerFile(file, name, value, environment) {
	const path = environment[file];
	if (path === void 0 || path === "") return;
	const delimiter = `end-${randomUUID()}`;
	appendFileSync(path, `${name}<<${delimiter}\n${value}\n${delimiter}\n`);
}
/** A line that the runner shows as an annotation. */
function annotation(kind, message) {
	return `::${kind}::${message.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A")}\n`;
}
// action/src/log-in.ts
/** The main step of the action: mints, exchanges, masks, hands over. */
async function logIn(environment) {
	const [resource, endpoint] = [inputOf("resource", environment), inputOf("endpoint", environment)];
	const [exportsEnvironment, revokes] = [flagOf("export-env", environment), flagOf("revoke", environment)];
	const { accessToken, expiresInSeconds } = await createClient({ environment }).oidcLogin({
		resource,
		endpoint
	});
	if (revokes) {
		writeRunnerFile("GITHUB_STATE", "token", accessToken, environment);
		writeRunnerFile("GITHUB_STATE", "endpoint", endpoint, environment);
	}
	writeRunnerFile("GITHUB_OUTPUT", "token", accessToken, environment);
	writeRunnerFile("GITHUB_OUTPUT", "expires-in", String(expiresInSeconds), environment);
	if (!exportsEnvironment) return;
	writeRunnerFile("GITHUB_ENV", "HF_TOKEN", accessToken, environment);
	writeRunnerFile("GITHUB_ENV", "HF_ENDPOINT", endpoint, environment);
}
try {
	await logIn(process.env);
} catch (error) {
	process.stdout.write(annotation("error", error instanceof Error ? error.message : "The login failed."));
	process.exitCode = 1;
}
export {};
