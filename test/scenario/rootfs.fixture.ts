import { existsSync, readFileSync } from "node:fs";
import { type TarEntry, tarOf } from "./tar-bytes.ts";

const BUSYBOX = ["/usr/bin/busybox", "/bin/busybox"].find((path) => existsSync(path));
const COMMANDS = "cat cp env grep head id ls mkdir pwd readlink sh sleep sort stat touch tr true".split(" ");

/** Whether a static busybox is here to make root file systems from; says so where it is not. */
export const HAS_BUSYBOX = BUSYBOX !== undefined;
if (!HAS_BUSYBOX) console.warn("SKIPPED: no busybox to make an image from; apt-get install busybox-static");

const PASSWD = `root:x:0:0:root:/root:/bin/sh
ann:x:1000:100:Ann:/home/ann:/bin/sh
`;
const GROUP = `root:x:0:
staff:x:50:ann
users:x:100:
audio:x:29:bob,ann
`;

/** A root file system of busybox and these entries, as a tar archive: what `images: { NAME: { import: FILE } }` takes. */
export function rootfs(...entries: readonly TarEntry[]): Buffer {
  const folders = ["bin", "etc", "home", "root", "tmp"].map((name): TarEntry => ({ name, type: "5" }));
  const links = COMMANDS.map((name): TarEntry => ({ name: `bin/${name}`, type: "2", link: "busybox" }));
  return tarOf(
    ...folders,
    { name: "home/ann", type: "5", uid: 1000, gid: 100 },
    { name: "etc/passwd", data: PASSWD },
    { name: "etc/group", data: GROUP },
    { name: "bin/busybox", mode: 0o755, data: readFileSync(BUSYBOX ?? "/dev/null") },
    ...links,
    ...entries,
  );
}
