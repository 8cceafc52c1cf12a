/** One secret of each shape, put together here so that no scanner takes the tests for a leak. */

/** Letters and digits without a meaning. */
function filler(length: number): string {
  return "aB3dE5gH7jK9mN1pQ2".repeat(Math.ceil(length / 18)).slice(0, length);
}

/** The body of a private key. */
const KEY_BODY = Array.from({ length: 8 }, () => filler(64)).join("\n");

/** A private key of a label, such as `RSA `. */
export function privateKey(label: string): string {
  return `-----BEGIN ${label}PRIVATE KEY-----\n${KEY_BODY}\n-----END ${label}PRIVATE KEY-----`;
}

/** A text that holds a secret, the part of it that must not be shown, and the shape that is reported. */
export interface SecretExample {
  readonly shape: string;
  readonly text: string;
  readonly secret: string;
}

function whole(shape: string, secret: string): SecretExample {
  return { shape, text: secret, secret };
}

/** Examples of every shape. */
export const SECRETS: readonly SecretExample[] = [
  ...["p", "o", "u", "s", "r"].map((letter) => whole("github", `gh${letter}_${filler(36)}`)),
  whole("github", `github_pat_${filler(22)}_${filler(59)}`),
  whole("gitlab", `glpat-${filler(20)}`),
  whole("aws", `AKIA${filler(16).toUpperCase()}`),
  whole("aws", `ASIA${filler(16).toUpperCase()}`),
  ...["a", "b", "p", "r", "s"].map((letter) => whole("slack", `xox${letter}-${filler(12)}-${filler(24)}`)),
  whole("stripe", `sk_live_${filler(24)}`),
  whole("stripe", `sk_test_${filler(24)}`),
  whole("anthropic", `sk-ant-api03-${filler(40)}-${filler(20)}_AA`),
  whole("openai", `sk-${filler(48)}`),
  whole("openai", `sk-proj-${filler(30)}_${filler(30)}-${filler(10)}`),
  whole("google", `AIza${filler(35)}`),
  whole("npm", `npm_${filler(36)}`),
  whole("jwt", `eyJ${filler(30)}.eyJ${filler(40)}.${filler(43)}`),
  { shape: "bearer", text: `Authorization: Bearer ${filler(32)}`, secret: filler(32) },
  { shape: "bearer", text: `bearer\t${filler(32)}`, secret: filler(32) },
  { shape: "url", text: `https://user:${filler(9)}@example.org/x`, secret: filler(9) },
  { shape: "url", text: `postgres://app:p%40ss@w0rd@db:5432/app`, secret: "p%40ss@w0rd" },
  { shape: "url", text: `https://${filler(40)}@example.org/x.git`, secret: filler(40) },
  ...["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "].map((label) => ({
    shape: "private_key",
    text: privateKey(label),
    secret: filler(64),
  })),
];
