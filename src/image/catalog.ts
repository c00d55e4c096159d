import type { Image } from "./image.ts";
import { hexOf } from "./layout.ts";
import type { Contents, Naming, StoredImage } from "./records.ts";
import { formatReference, parseReference } from "./reference.ts";

/** What a text means: the image's id, and the name if it was found by name. */
export interface Found {
  readonly id: string;
  readonly name: string | undefined;
}

/** Shorter beginnings of ids are not looked up: `cafe` in a file is a name, not any image that starts so. */
const ID_PREFIX = /^(?:sha256:)?([a-f0-9]{8,64})$/;

/** What is in the store, in memory: images by id, and which names lead where. */
export class Catalog {
  readonly host: Image;
  readonly #images: Map<string, StoredImage>;
  /** By reference: tags, and digests of what registries have. */
  readonly #references: Map<string, Naming>;

  constructor(host: Image, { images, references }: Pick<Contents, "images" | "references">) {
    this.host = host;
    this.#images = images;
    this.#references = references;
    for (const [id, stored] of images) images.set(id, this.#overHost(stored));
    for (const id of images.keys()) this.#refresh(id);
  }

  stored(id: string): StoredImage | undefined {
    return this.#images.get(id);
  }

  image(id: string): Image | undefined {
    return id === this.host.id ? this.host : this.#images.get(id)?.image;
  }

  all(): readonly StoredImage[] {
    return [...this.#images.values()];
  }

  put(stored: StoredImage): void {
    this.#images.set(stored.record.id, this.#overHost(stored));
    this.#refresh(stored.record.id);
  }

  delete(id: string): void {
    this.#images.delete(id);
  }

  /** Every name of an image, digests too, sorted. */
  namesOf(id: string): readonly string[] {
    return [...this.#references]
      .filter(([, naming]) => naming.id === id)
      .map(([reference]) => reference)
      .sort();
  }

  naming(reference: string): Naming | undefined {
    return this.#references.get(reference);
  }

  /** When a registry last said where a name, in whatever form, leads. */
  checkedAt(text: string): number | undefined {
    return this.#references.get(familiar(text) ?? "")?.checkedAt;
  }

  /** Images that were handed out stay as they were. */
  setReference(reference: string, naming: Naming): void {
    const { id } = naming;
    const previous = this.#references.get(reference)?.id;
    this.#references.set(reference, naming);
    this.#refresh(id);
    if (previous !== undefined && previous !== id) this.#refresh(previous);
  }

  deleteReference(reference: string): void {
    const id = this.#references.get(reference)?.id;
    this.#references.delete(reference);
    if (id !== undefined) this.#refresh(id);
  }

  /** By name, digest, id, or a beginning of an id that only one has. */
  find(text: string): Found | undefined {
    const name = familiar(text);
    if (name !== undefined && this.host.references.includes(name)) return { id: this.host.id, name };
    const owner = name === undefined ? undefined : this.#references.get(name)?.id;
    if (owner !== undefined) return { id: owner, name };
    const digest = name === undefined ? undefined : parseReference(name).digest;
    if (digest !== undefined) {
      const stored = this.all().find(({ record }) => record.manifest === digest);
      return stored === undefined ? undefined : { id: stored.record.id, name: undefined };
    }
    const digits = ID_PREFIX.exec(text)?.[1];
    const ids =
      digits === undefined ? [] : [...this.#images.keys()].filter((id) => hexOf(id).startsWith(digits));
    return ids.length === 1 && ids[0] !== undefined ? { id: ids[0], name: undefined } : undefined;
  }

  /** An image that was built on the host's shows the host's programs below its own layers. */
  #overHost(stored: StoredImage): StoredImage {
    if (stored.record.base !== "host") return stored;
    const { hostMounts, layers } = this.host;
    const { image } = stored;
    return { ...stored, image: { ...image, hostMounts, layers: [...image.layers, ...layers] } };
  }

  #refresh(id: string): void {
    const stored = this.#images.get(id);
    if (stored === undefined) return;
    const names = this.namesOf(id);
    const digests = names.filter((name) => name.includes("@"));
    const references = names.filter((name) => !name.includes("@"));
    this.#images.set(id, { ...stored, image: { ...stored.image, references, digests } });
  }
}

/** The reference as people write it; undefined for what is none. A digest says more than a tag beside it, as in docker. */
function familiar(text: string): string | undefined {
  try {
    const { domain, path, tag, digest } = parseReference(text);
    return formatReference(
      digest === undefined ? { domain, path, ...(tag && { tag }) } : { domain, path, digest },
    );
  } catch {
    return undefined;
  }
}
