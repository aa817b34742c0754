import type { JsonObject, JsonValue } from '../common/json.js';
import type { Operation, OperationParameter } from './operation.js';
import { pathText } from './parameter-styles.js';
import { UnfitArgument } from './unfit-argument.js';

/** Every text that decoding makes of another, until it stays the same, has been looked at after so many times. */
const MAX_DECODINGS = 8;

/**
 * The path of a request. No value leaves its segment: whatever a server or a proxy decodes, and however often, it finds no
 * separator and no segment of dots.
 * @throws UnfitArgument
 */
export function operationPath({ path, parameters }: Operation, given: JsonObject): string {
  const byName = new Map(parameters.filter((each) => each.in === 'path').map((each) => [each.name, each]));
  const segments = path.split('/').map((segment) => {
    const used: OperationParameter[] = [];
    const filled = segment.replace(/\{([^{}]+)\}/g, (written, name: string) => {
      const parameter = byName.get(name);
      if (parameter === undefined) return written;
      used.push(parameter);
      return textOf(parameter, given[parameter.argument]);
    });
    const [first] = used;
    if (first !== undefined && isDots(filled)) throw new UnfitArgument(first.argument, 'must not be a path of dots');
    return filled;
  });
  return segments.join('/');
}

function textOf(parameter: OperationParameter, value: JsonValue | undefined): string {
  if (value === undefined || value === null) throw new UnfitArgument(parameter.argument, 'is missing');
  const text = pathText(parameter, value);
  if (text === '') throw new UnfitArgument(parameter.argument, 'must not be empty');
  // What the style itself writes is none of these.
  if (decodings(text).some((each) => /[/\\]|\p{Cc}/u.test(each))) {
    throw new UnfitArgument(parameter.argument, 'must not hold slashes, backslashes or control characters');
  }
  return text;
}

function isDots(segment: string): boolean {
  return decodings(segment).some((each) => /^\.{1,2}$/.test(each.trim()));
}

/** A text and what becomes of it when it is decoded again and again. */
function decodings(text: string): string[] {
  const found = [text];
  for (let last = text; found.length <= MAX_DECODINGS;) {
    const next = last.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    if (next === last) break;
    found.push(next);
    last = next;
  }
  return found;
}
