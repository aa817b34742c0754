import { eachMatch } from '../text/each-match.js';
import type { Finder } from '../text/finding.js';

const NOT_ASCII = /[\u0080-\uffff]/;
/** Tag characters spell text that nobody sees; the flags of England, Scotland and Wales are made of them as well. */
const TAGS = /(?<!\u{1f3f4}[\u{e0020}-\u{e007f}]{0,6})[\u{e0000}-\u{e007f}]{2,}/gu;
/** Changes of direction that make a text read otherwise than it is. */
const DIRECTIONS = /[\u202a-\u202e\u2066-\u2069]+/g;
/** Some of these join emoji and letters; many of them carry bits. */
const ZERO_WIDTH = /[\u200b-\u200d\u2060-\u2064\ufeff\u00ad]{3,}/g;
const SELECTORS = /[\u{e0100}-\u{e01ef}]{2,}/gu;
const CONTROLS = /[^\P{Cc}\t\n\r]+(?:\[[\d;]{0,16}[A-Za-z])?/gu;

/** Text that a model reads and a person does not see. */
export const findInvisible: Finder = (text, report) => {
  if (!NOT_ASCII.test(text)) return;
  for (const pattern of [TAGS, DIRECTIONS, ZERO_WIDTH, SELECTORS]) {
    eachMatch(pattern, text, ({ index, 0: run }) => report('invisible', index, index + run.length));
  }
};

/** Control characters, with the escape sequences of terminals. */
export const findControls: Finder = (text, report) => {
  eachMatch(CONTROLS, text, ({ index, 0: run }) => report('control', index, index + run.length));
};
