import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { GantryError, messageOf } from "../error.ts";

/** What TLS with a registry uses: PEM texts. */
export interface Certificates {
  readonly ca: readonly string[];
  readonly cert?: string;
  readonly key?: string;
}

/** Where distributions keep the certificates that the machine trusts, the first that is there. */
const SYSTEM_BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/**
 * The certificates for a registry: those the machine trusts (SSL_CERT_FILE names another bundle, as for programs in Go),
 * and those of its own folder, `<folder>/<host[:port]>/`. Throws request.invalid for one that is there and cannot be read.
 */
export async function certificatesFor(
  host: string,
  folders: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Certificates> {
  const ca = [await systemBundle(env["SSL_CERT_FILE"])];
  let pair: { cert: string; key: string } | undefined;
  for (const folder of folders) {
    const own = join(folder, host);
    const names = [...(await readdir(own).catch(() => []))].sort();
    for (const name of names.filter((one) => one.endsWith(".crt"))) ca.push(await read(join(own, name)));
    const cert = names.find((one) => one.endsWith(".cert"));
    const key = cert?.replace(/\.cert$/, ".key");
    if (cert === undefined || key === undefined || !names.includes(key)) continue;
    pair ??= { cert: await read(join(own, cert)), key: await read(join(own, key)) };
  }
  return { ca, ...pair };
}

async function systemBundle(named: string | undefined): Promise<string> {
  if (named !== undefined && named !== "") return await read(named);
  for (const path of SYSTEM_BUNDLES) {
    const text = await readFile(path, "utf8").catch(() => "");
    if (text !== "") return text;
  }
  return rootCertificates.join("\n");
}

async function read(path: string): Promise<string> {
  return await readFile(path, "utf8").catch((cause: unknown) => {
    throw new GantryError("request.invalid", `the certificate ${path} cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  });
}
