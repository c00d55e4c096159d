/** What the caller of `gantry oci` is told, in the words OCI callers know from runc; `status` is the exit status. */
export class OciError extends Error {
  override readonly name = "OciError";
  readonly status: number;

  constructor(message: string, status = 1) {
    super(message);
    this.status = status;
  }
}

/** No state folder of this id. */
export class NoSuchContainer extends OciError {
  constructor() {
    super("container does not exist");
  }
}
