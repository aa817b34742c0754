const INDENT = ' '.repeat(7);
const LONGEST_ANSWER = 400;

/** Tells a story in numbered steps: what, why, the same by hand, and what came back. */
export class Narrator {
  #step = 0;
  #title = '';

  /** What is being done, for the message when it fails. */
  get current() {
    return this.#step === 0 ? 'The demo' : `Step ${this.#step} (${this.#title})`;
  }

  say(text) {
    process.stdout.write(`${text}\n`);
  }

  step(title, why) {
    this.#title = title;
    this.say(`\n${++this.#step}. ${title}`);
    this.say(`   ${why}`);
  }

  /** The same by hand. */
  run(command) {
    this.say(`   $   ${command.replaceAll('\n', `\n${INDENT}`)}`);
  }

  got(...answer) {
    const text = answer.map((part) => (typeof part === 'string' ? part : JSON.stringify(part))).join(' ');
    this.say(`   →   ${text.length > LONGEST_ANSWER ? `${text.slice(0, LONGEST_ANSWER)} …` : text}`);
  }
}
