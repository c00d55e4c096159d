/** What a tar archive says of one file; with what GNU's and PAX's extensions say where a plain header has no room. */
export interface TarMember {
  /** Relative; a folder's without a slash at its end. */
  readonly path: string;
  readonly kind: MemberKind;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** ms since the epoch. */
  readonly modifiedAt: number;
  /** Bytes of data that follow; 0 for everything but files. */
  readonly size: number;
  /** Where a symbolic or hard link leads. */
  readonly link?: string;
  readonly device?: { readonly major: number; readonly minor: number };
  /** Extended attributes by name: `security.capability`. */
  readonly attributes?: ReadonlyMap<string, Uint8Array>;
}

export type MemberKind = keyof typeof TYPES;

/** Type flags, pax(1). */
const TYPES = {
  file: "0",
  hardlink: "1",
  link: "2",
  character: "3",
  block: "4",
  folder: "5",
  fifo: "6",
} as const;
const BLOCK = 512;
/** The two blocks of zeros after the last member. */
export const TAR_END: Uint8Array = Buffer.alloc(2 * BLOCK);

const NAME_BYTES = 100;
/** 7 and 11 octal digits. */
const LARGEST_ID = 0o7777777;
const LARGEST_SIZE = 0o77777777777;

/**
 * The header of a member: a ustar header (pax(1)), with a PAX header before it for what does not fit or is finer than it
 * can say. The same member has the same bytes.
 */
export function tarHeader(member: TarMember): Uint8Array {
  const path = member.kind === "folder" ? `${member.path}/` : member.path;
  const seconds = Math.floor(member.modifiedAt / 1000);
  const records: Buffer[] = [];
  const add = (key: string, value: string | Uint8Array): void => void records.push(record(key, value));
  if (!fits(path)) add("path", path);
  if (member.link !== undefined && !fits(member.link)) add("linkpath", member.link);
  if (member.size > LARGEST_SIZE) add("size", String(member.size));
  if (member.uid > LARGEST_ID) add("uid", String(member.uid));
  if (member.gid > LARGEST_ID) add("gid", String(member.gid));
  if (member.modifiedAt !== seconds * 1000 || seconds < 0)
    add("mtime", (member.modifiedAt / 1000).toFixed(6));
  for (const [name, value] of [...(member.attributes ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)))
    add(`SCHILY.xattr.${name}`, value);
  const plain = header({
    name: fits(path) ? path : "long",
    mode: member.mode,
    uid: member.uid > LARGEST_ID ? 0 : member.uid,
    gid: member.gid > LARGEST_ID ? 0 : member.gid,
    size: member.size > LARGEST_SIZE ? 0 : member.size,
    seconds: Math.max(0, seconds),
    type: TYPES[member.kind],
    link: member.link !== undefined && fits(member.link) ? member.link : "",
    device: member.device,
  });
  if (records.length === 0) return plain;
  const data = Buffer.concat(records);
  const extended = header({
    name: "PaxHeaders/0",
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: data.length,
    seconds: 0,
    type: "x",
    link: "",
    device: undefined,
  });
  return Buffer.concat([extended, data, tarPadding(data.length), plain]);
}

/** What follows data of so many bytes, up to the next whole block. */
export function tarPadding(size: number): Uint8Array {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** PAX headers are UTF-8; what is not plain ASCII goes there, so that nobody has to guess. */
function fits(text: string): boolean {
  return text.length <= NAME_BYTES && /^[\x20-\x7e]*$/.test(text);
}

/** `length key=value\n`, where the length counts itself. */
function record(key: string, value: string | Uint8Array): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value as Uint8Array), Buffer.from("\n")]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function header(fields: {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly seconds: number;
  readonly type: string;
  readonly link: string;
  readonly device: { readonly major: number; readonly minor: number } | undefined;
}): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, bytes: number): void => {
    block.write(value.toString(8).padStart(bytes - 1, "0"), at, "latin1");
  };
  block.write(fields.name, 0, "latin1");
  octal(fields.mode & 0o7777, 100, 8);
  octal(fields.uid, 108, 8);
  octal(fields.gid, 116, 8);
  octal(fields.size, 124, 12);
  octal(fields.seconds, 136, 12);
  block.fill(" ", 148, 156);
  block.write(fields.type, 156, "latin1");
  block.write(fields.link, 157, "latin1");
  block.write("ustar\x0000", 257, "latin1");
  octal(fields.device?.major ?? 0, 329, 8);
  octal(fields.device?.minor ?? 0, 337, 8);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}
