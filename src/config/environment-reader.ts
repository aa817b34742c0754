import { readFileSync } from 'node:fs';
import { systemCodeOf } from '../common/gatehouse-error.js';
import { InvalidValue, type ConfigurationFault } from './configuration-error.js';

/** Turns the text of a variable into its value, or throws {@link InvalidValue}. */
export type ValueParser<T> = (text: string) => T;

/** Reads variables and gathers their faults, so that one start shows all of them. */
export class EnvironmentReader {
  readonly faults: ConfigurationFault[] = [];

  constructor(private readonly env: NodeJS.ProcessEnv) {}

  fault(variable: string, message: string): void {
    this.faults.push({ variable, message });
  }

  /** The value of a variable, or null. An empty value counts as unset: that is how compose passes absent ones. */
  text(name: string): string | null {
    const value = this.env[name]?.trim();
    return value === undefined || value === '' ? null : value;
  }

  /** The parsed value, or the fallback when the variable is unset or faulty. */
  value<T>(name: string, fallback: T, parse: ValueParser<T>): T {
    return this.parsed(name, this.text(name), fallback, parse);
  }

  /** As {@link value}, for a variable that may also come from the file that `<name>_FILE` points at. */
  secretValue<T>(name: string, fallback: T, parse: ValueParser<T>): T {
    return this.parsed(name, this.secretText(name), fallback, parse);
  }

  /** True when the variable or its `_FILE` twin is set, valid or not. */
  isSecretSet(name: string): boolean {
    return this.text(name) !== null || this.text(`${name}_FILE`) !== null;
  }

  private parsed<T>(name: string, text: string | null, fallback: T, parse: ValueParser<T>): T {
    if (text === null) return fallback;
    try {
      return parse(text);
    } catch (thrown) {
      if (!(thrown instanceof InvalidValue)) throw thrown;
      this.fault(name, thrown.message);
      return fallback;
    }
  }

  private secretText(name: string): string | null {
    const direct = this.text(name);
    const file = this.text(`${name}_FILE`);
    if (file === null) return direct;
    if (direct !== null) {
      this.fault(name, `and ${name}_FILE are both set: keep one of them`);
      return null;
    }
    return this.fileText(`${name}_FILE`, file);
  }

  private fileText(variable: string, path: string): string | null {
    try {
      const text = readFileSync(path, 'utf8').trim();
      if (text !== '') return text;
      this.fault(variable, 'points at an empty file: write the value into it');
    } catch (thrown) {
      const reason = systemCodeOf(thrown) ?? 'unknown error';
      this.fault(variable, `points at a file that cannot be read (${reason}): check its path and permissions`);
    }
    return null;
  }
}
