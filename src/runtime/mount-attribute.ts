/** mount_setattr(2) attributes. */
export const MOUNT_ATTRIBUTE = { readOnly: 1n, noSuid: 2n, noDev: 4n, noExec: 8n } as const;

/** Of gantry's own: a place that is a symbolic link is refused. */
export const NO_FOLLOW = 1n << 32n;
