import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import { lookUp } from './json-pointer.js';

/** Schemas that one tool may lean on. */
const MAX_DEFINITIONS = 500;
const COMPONENT = /^#\/components\/schemas\/([^/]+)$/;

/**
 * Copies schemas of a document so that they stand alone: what they refer to comes along under `$defs`. Schemas are kept
 * whole; nothing is put in the place of a reference, so schemas that contain themselves stay finite.
 */
export class SchemaBundle {
  /** Everything that was referred to, for `$defs`. */
  readonly definitions: Record<string, JsonValue> = {};
  /** References that lead out of the document or nowhere; such a part of a schema accepts everything. */
  readonly unresolved: string[] = [];
  private readonly names = new Map<string, string>();

  constructor(private readonly document: JsonObject) {}

  /** True: something was left out because it leans on too much. */
  get isOverfull(): boolean {
    return this.names.size > MAX_DEFINITIONS;
  }

  copy(schema: JsonValue): JsonValue {
    if (Array.isArray(schema)) return schema.map((member) => this.copy(member));
    if (!isJsonObject(schema)) return schema;
    const copied: Record<string, JsonValue> = {};
    for (const [key, value] of Object.entries(schema)) {
      // The upgrade of old documents leaves some behind.
      if (value === undefined) continue;
      if (key === '$ref' && typeof value === 'string') this.refer(value, copied);
      // Values that only look like schemas.
      else if (key === 'example' || key === 'default' || key === 'const' || key === 'enum' || key === 'examples') {
        copied[key] = value;
      } else if (key !== '$id' && key !== '$anchor' && key !== '$dynamicAnchor') copied[key] = this.copy(value);
    }
    return copied;
  }

  private refer(reference: string, copied: Record<string, JsonValue>): void {
    const name = this.names.get(reference) ?? this.define(reference);
    if (name !== null) copied['$ref'] = `#/$defs/${name}`;
  }

  private define(reference: string): string | null {
    const target = lookUp(this.document, reference);
    if (target === undefined || this.isOverfull) {
      this.unresolved.push(reference);
      return null;
    }
    const name = this.freeName(COMPONENT.exec(reference)?.[1] ?? 'schema');
    // Noted before it is copied: it may contain itself.
    this.names.set(reference, name);
    this.definitions[name] = {};
    this.definitions[name] = this.copy(target);
    return name;
  }

  private freeName(wanted: string): string {
    const plain = wanted.replace(/[^A-Za-z0-9_.-]/g, '_');
    const safe = plain === '__proto__' ? 'schema' : plain;
    let name = safe;
    for (let number = 2; Object.hasOwn(this.definitions, name); number++) name = `${safe}_${number}`;
    return name;
  }
}
