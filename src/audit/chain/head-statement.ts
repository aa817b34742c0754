import { isJsonObject } from '../../common/json.js';

/** `typ` of the JWS of a head. */
export const HEAD_TYPE = 'gatehouse-audit-head+jws';

/** One link of a chain. */
export interface LinkMark {
  readonly seq: number;
  readonly hash: string;
}

/** What is signed from time to time: how far the chains had come, and what retention has removed of them. */
export interface HeadStatement {
  readonly seq: number;
  readonly at: string;
  /** SHA-256 in hex of the JWS of the head before; empty for the first. */
  readonly prev: string;
  /** From when on every record is in a link. */
  readonly since: string;
  /** The last link of each chain that has grown. */
  readonly tips: Readonly<Record<string, LinkMark>>;
  /** The last link of each chain that retention has removed since the head before, with all before it. */
  readonly removed: Readonly<Record<string, LinkMark>>;
}

/** null: the text is no statement. */
export function parseHead(text: string): HeadStatement | null {
  const value: unknown = JSON.parse(text);
  if (!isJsonObject(value)) return null;
  const { seq, at, prev, since, tips, removed } = value;
  if (typeof seq !== 'number' || typeof at !== 'string' || typeof prev !== 'string') return null;
  if (typeof since !== 'string' || !isMarks(tips) || !isMarks(removed)) return null;
  return { seq, at, prev, since, tips, removed };
}

function isMarks(value: unknown): value is Record<string, LinkMark> {
  const isMark = (mark: unknown): boolean =>
    isJsonObject(mark) && typeof mark.seq === 'number' && typeof mark.hash === 'string';
  return isJsonObject(value) && Object.values(value).every(isMark);
}
