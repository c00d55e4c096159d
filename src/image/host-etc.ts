/** The /etc of the host image: what programs look up, and nothing that says who uses this machine. */

/** Files made afresh. Runtime mounts its own over hosts, hostname and resolv.conf. */
export const FRESH_FILES: Readonly<Record<string, string>> = {
  "etc/hosts": "",
  "etc/hostname": "",
  "etc/resolv.conf": "",
  "etc/passwd": [
    "root:x:0:0:root:/root:/bin/sh",
    "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin",
    "bin:x:2:2:bin:/bin:/usr/sbin/nologin",
    "sys:x:3:3:sys:/dev:/usr/sbin/nologin",
    "mail:x:8:8:mail:/var/mail:/usr/sbin/nologin",
    "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin",
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin",
    "",
  ].join("\n"),
  "etc/group": [
    "root:x:0:",
    "daemon:x:1:",
    "bin:x:2:",
    "sys:x:3:",
    "adm:x:4:",
    "tty:x:5:",
    "disk:x:6:",
    "mail:x:8:",
    "www-data:x:33:",
    "shadow:x:42:",
    "utmp:x:43:",
    "staff:x:50:",
    "users:x:100:",
    "nogroup:x:65534:",
    "",
  ].join("\n"),
  "etc/nsswitch.conf": [
    "passwd: files",
    "group: files",
    "shadow: files",
    "hosts: files dns",
    "networks: files",
    "protocols: files",
    "services: files",
    "ethers: files",
    "rpc: files",
    "",
  ].join("\n"),
  "etc/shells": "/bin/sh\n",
};

/**
 * What is copied where the host has it: a name, or a beginning that ends with `*`. Only what every user of the host
 * may read is copied, so keys and passwords that lie among these stay out.
 */
export const COPIED: readonly string[] = [
  "alternatives", // links that programs in /usr/bin go through
  "ca-certificates.conf",
  "debian_version",
  "ethertypes",
  "fonts",
  "gai.conf",
  "host.conf",
  "java*", // Debian's java reads its settings here, through links in /usr/lib/jvm
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "locale.alias",
  "localtime",
  "magic",
  "mime.types",
  "os-release",
  "perl",
  "pki/ca-trust", // certificates where Fedora keeps them
  "pki/tls",
  "protocols",
  "python*",
  "redhat-release",
  "rpc",
  "services",
  "ssl/certs",
  "ssl/openssl.cnf",
  "terminfo",
  "timezone",
];

/** Empty folders, with their modes. */
export const FOLDERS: Readonly<Record<string, number>> = {
  dev: 0o755,
  etc: 0o755,
  home: 0o755,
  mnt: 0o755,
  opt: 0o755,
  proc: 0o755,
  root: 0o700,
  run: 0o755,
  srv: 0o755,
  sys: 0o755,
  tmp: 0o1777,
  usr: 0o755,
  var: 0o755,
  "var/cache": 0o755,
  "var/lib": 0o755,
  "var/log": 0o755,
  "var/mail": 0o755,
  "var/tmp": 0o1777,
};

export const LINKS: Readonly<Record<string, string>> = {
  "etc/mtab": "/proc/self/mounts",
  "var/run": "/run",
  "var/lock": "/run/lock",
};

/** Folders of programs beside /usr: links into it on most systems, folders of their own on some. */
export const PROGRAM_FOLDERS: readonly string[] = ["bin", "lib", "lib32", "lib64", "libx32", "sbin"];
