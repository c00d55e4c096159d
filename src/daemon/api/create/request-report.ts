import { renderPath, type Path } from "../../../spec/path.ts";
import { Report } from "../../../spec/report.ts";
import { invalid } from "../errors.ts";

/** What the readers of spec files report to when a request's body is read by them: it has no lines to point at. */
export class RequestReport extends Report {
  readonly warnings: string[] = [];

  /** Throws request.invalid: one mistake is enough for a client. */
  override error(path: Path, message: string): void {
    throw invalid(path.length === 0 ? message : `${renderPath(path)}: ${message}`);
  }

  override warning(path: Path, message: string): void {
    this.warnings.push(`${renderPath(path)}: ${message}`);
  }

  /** JSON numbers have no other writing. */
  override writtenNumber(): undefined {
    return undefined;
  }
}
