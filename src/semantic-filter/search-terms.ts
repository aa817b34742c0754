import { LRUCache } from 'lru-cache';
import { stemmer } from 'stemmer';

/** Words that nearly every sentence has, so that finding them means nothing. */
const STOP_WORDS: ReadonlySet<string> = new Set(
  (
    'a about all also am an and any are as at be been but by can could did do does for from get give had has have he ' +
    'her hey hi hello his how i if in into is it its just know let like me my need no not now of on or our out please ' +
    'she should so some tell than thank thanks that the their them then there these they this to up us use using want ' +
    'was we were what when where which who whom why will with would you your'
  ).split(' '),
);
const CAMEL_CASE = /(\p{Ll}|\p{N})(\p{Lu})|(\p{Lu})(\p{Lu}\p{Ll})/gu;
const WORD = /[\p{L}\p{N}]+/gu;

/** Words of a text: `createPullRequest`, `create_pull_request` and `create pull request` have the same. */
export function wordsOf(text: string): string[] {
  return text.replace(CAMEL_CASE, '$1$3 $2$4').match(WORD) ?? [];
}

/** The terms that a text is looked up by: its words without stop words, in their basic form. */
export function searchTerms(text: string): string[] {
  return wordsOf(text).flatMap((word) => {
    const lower = word.toLowerCase();
    return STOP_WORDS.has(lower) ? [] : [basicForm(lower)];
  });
}

const basicForms = new LRUCache<string, string>({ max: 20_000 });

/** Remembered, since finding it takes longer than everything else. */
function basicForm(word: string): string {
  let form = basicForms.get(word);
  if (form === undefined) {
    form = stemmer(word);
    basicForms.set(word, form);
  }
  return form;
}
