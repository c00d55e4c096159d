export interface Tables {
  readonly unbuilt: readonly string[];
  readonly refused: Readonly<Record<string, string>>;
  readonly withoutEffect: Readonly<Record<string, string>>;
  readonly asAlways: Readonly<Record<string, string>>;
}
export function specificationKeys(): readonly string[];
export function composeSchema(): object;
export function descriptionOf(
  schema: object,
  key: string,
): { readonly text: string | undefined; readonly nearest: boolean } | undefined;
export function stateOf(key: string, tables: Tables): readonly [state: string, reason: string];
export function renderTable(keys: readonly string[], schema: object, tables: Tables): string;
