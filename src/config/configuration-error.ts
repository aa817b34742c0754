/** One fault of one variable. `message` continues the name: "PORT" + "must be a whole number". It never holds the value. */
export interface ConfigurationFault {
  readonly variable: string;
  readonly message: string;
}

/** Everything that is wrong with the configuration at once, one line each. `main` prints it and exits with 78. */
export class ConfigurationError extends Error {
  constructor(readonly faults: readonly ConfigurationFault[]) {
    const lines = faults.map(({ variable, message }) => `  ${variable} ${message}`);
    super(['The configuration is not valid:', ...lines].join('\n'));
    this.name = 'ConfigurationError';
  }
}

/** Thrown by parsers of a single value. The message says what is expected and never repeats the value. */
export class InvalidValue extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InvalidValue';
  }
}
