import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import type { JsonValue } from '../common/json.js';
import { InvalidValue } from './configuration-error.js';

/** Of values that are read as a whole; an alias can make a file that goes round in circles. */
const MAX_DEPTH = 8;
const ENVIRONMENT_REFERENCE = /^os\.environ\/(.*)$/s;

/** What reading one YAML file brings to light besides its values. */
export interface YamlFindings {
  /** Each names its line and field, and never a value. */
  readonly faults: string[];
  /** Paths of keys that nobody asked for. */
  readonly ignoredKeys: string[];
}

interface YamlSource extends YamlFindings {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * One value of a YAML file together with its place, so that whatever is wrong with it can be told by line and field.
 * Reading never throws: a fault is gathered, and the reader goes on with null.
 */
export class YamlSetting {
  private constructor(
    private readonly source: YamlSource,
    /** `general_settings.jwt_issuers[0].issuer`; empty for the whole file. */
    readonly path: string,
    private readonly node: Node | null,
    /** Where it is written; of what is missing, where it would be. */
    readonly line: number,
  ) {}

  /**
   * The top of a file.
   * @throws InvalidValue when the text is not YAML; the message names the line, not its text
   */
  static parse(text: string, env: NodeJS.ProcessEnv, findings: YamlFindings): YamlSetting {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines });
    const [error] = document.errors;
    if (error !== undefined) {
      throw new InvalidValue(`is not valid YAML: see line ${error.linePos?.[0].line ?? 1} (${error.code})`);
    }
    return new YamlSetting({ ...findings, document, lines, env }, '', document.contents, 1);
  }

  /** The key is there, be it with `null`. */
  get isWritten(): boolean {
    return this.node !== null;
  }

  /** Not written, or written as `null`. */
  get isMissing(): boolean {
    return this.node === null || (isScalar(this.node) && this.node.value === null);
  }

  get isMap(): boolean {
    return isMap(this.node);
  }

  /** `line 7: general_settings.unknown_customers`: where it is, for messages. */
  get place(): string {
    return `line ${this.line}: ${this.path === '' ? 'the file' : this.path}`;
  }

  /** Notes what is wrong; the message continues the path. Returns null, for the reader to pass on. */
  fault(message: string): null {
    this.source.faults.push(`${this.place} ${message}`);
    return null;
  }

  /** Notes that it has no effect. */
  ignore(): void {
    this.source.ignoredKeys.push(this.path);
  }

  /** The members of a map. What is in it besides the known keys is noted as ignored. */
  members<K extends string>(known: readonly K[]): Readonly<Record<K, YamlSetting>> {
    const written = new Map(this.entries());
    for (const [key, setting] of written) {
      if (!known.some((name) => name === key)) setting.ignore();
    }
    return this.membersAmong(written, known);
  }

  /** As {@link members}, out of entries that were read before; somebody else reads the others. */
  membersAmong<K extends string>(
    written: ReadonlyMap<string, YamlSetting>,
    known: readonly K[],
  ): Readonly<Record<K, YamlSetting>> {
    const members = known.map((key) => [key, written.get(key) ?? this.child(key, null, this.line)] as const);
    return Object.fromEntries(members) as Record<K, YamlSetting>;
  }

  /** The members of a map with any keys; none when it is missing. */
  entries(): [string, YamlSetting][] {
    if (this.isMissing) return [];
    if (!isMap(this.node)) {
      this.fault('must be a map');
      return [];
    }
    return this.node.items.map(({ key, value }) => {
      const name = String(isScalar(key) ? key.value : key);
      return [name, this.child(name, this.resolved(value), this.lineOf(key))];
    });
  }

  /** The entries of a list; none when it is missing. */
  items(): YamlSetting[] {
    if (this.isMissing) return [];
    if (!isSeq(this.node)) {
      this.fault('must be a list');
      return [];
    }
    return this.node.items.map((item, index) => {
      return new YamlSetting(this.source, `${this.path}[${index}]`, this.resolved(item), this.lineOf(item));
    });
  }

  /** A text, or what the environment variable holds that `os.environ/NAME` names; null when it is missing. */
  text(): string | null {
    if (this.isMissing) return null;
    const value = isScalar(this.node) ? this.node.value : undefined;
    if (typeof value !== 'string' || value === '') return this.fault('must be a text that is not empty');
    return this.resolvedText(value);
  }

  /** true or false; null when it is missing or something else. */
  flag(): boolean | null {
    if (this.isMissing) return null;
    const value = isScalar(this.node) ? this.node.value : undefined;
    return typeof value === 'boolean' ? value : this.fault('must be true or false');
  }

  /** A number within limits; null when it is missing or something else. */
  number(least: number, most: number): number | null {
    if (this.isMissing) return null;
    const value = isScalar(this.node) ? this.node.value : undefined;
    if (typeof value === 'number' && value >= least && value <= most) return value;
    return this.fault(`must be a number from ${least} to ${most}`);
  }

  /** A whole number within limits; null when it is missing or something else. */
  wholeNumber(least: number, most: number): number | null {
    const value = this.number(least, most);
    return value === null || Number.isInteger(value) ? value : this.fault('must be a whole number');
  }

  /** One text or a list of texts; null when it is missing or one of them is at fault. */
  texts(): string[] | null {
    if (this.isMissing) return null;
    const texts = isSeq(this.node) ? this.items().map((item) => item.requiredText()) : [this.text()];
    return texts.includes(null) ? null : texts.filter((text) => text !== null);
  }

  /**
   * The whole value as JSON, with what `os.environ/NAME` stands for; undefined when something in it is at fault.
   * @param visit gets every member with its path from here, list entries by their number
   */
  json(visit: (path: string, member: YamlSetting) => void, path = '', depth = 0): JsonValue | undefined {
    visit(path, this);
    if (depth >= MAX_DEPTH) return this.fault('is nested too deeply') ?? undefined;
    if (isMap(this.node) || isSeq(this.node)) return this.compound(visit, path, depth);
    const value = isScalar(this.node) ? this.node.value : null;
    if (typeof value === 'string') return this.resolvedText(value) ?? undefined;
    if (value === null || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)))
      return value;
    return this.fault('must be a text, a number, true, false, a list or a map') ?? undefined;
  }

  /** A text that must be there; null when it is at fault. */
  requiredText(): string | null {
    return this.isMissing ? this.fault('is missing') : this.text();
  }

  /** The parsed text; null when it is missing or at fault. */
  parsed<T>(parse: (text: string) => T): T | null {
    const text = this.text();
    if (text === null) return null;
    try {
      return parse(text);
    } catch (thrown) {
      if (!(thrown instanceof InvalidValue)) throw thrown;
      return this.fault(thrown.message);
    }
  }

  private compound(
    visit: (path: string, member: YamlSetting) => void,
    path: string,
    depth: number,
  ): JsonValue | undefined {
    const isList = isSeq(this.node);
    const children = isList ? this.items().map((item, index) => [String(index), item] as const) : this.entries();
    const members = children.map(([name, child]) => {
      return [name, child.json(visit, path === '' ? name : `${path}.${name}`, depth + 1)] as const;
    });
    const whole = members.filter((member): member is [string, JsonValue] => member[1] !== undefined);
    if (whole.length < members.length) return undefined;
    return isList ? whole.map(([, value]) => value) : Object.fromEntries(whole);
  }

  private resolvedText(text: string): string | null {
    const variable = ENVIRONMENT_REFERENCE.exec(text)?.[1];
    if (variable === undefined) return text;
    const held = this.source.env[variable]?.trim();
    return held === undefined || held === '' ? this.fault(`refers to ${text}, which is not set`) : held;
  }

  private child(key: string, node: Node | null, line: number): YamlSetting {
    return new YamlSetting(this.source, this.path === '' ? key : `${this.path}.${key}`, node, line);
  }

  private resolved(value: unknown): Node | null {
    const node = value as Node | null;
    return isAlias(node) ? (node.resolve(this.source.document) ?? null) : node;
  }

  private lineOf(node: unknown): number {
    const offset = (node as Node | null)?.range?.[0];
    return offset === undefined ? this.line : this.source.lines.linePos(offset).line;
  }
}
