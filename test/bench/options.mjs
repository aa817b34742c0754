import { parseArgs } from 'node:util';

export const USAGE = `npm run bench -- [options]
  --quick           one round of 2 s at 16 connections
  --strict          exit code 1 unless every target is reached
  --only a,b        only these rows besides direct and bare (naive, gatehouse-2026, gatehouse-2025); scale: the part
                    with 100,000 keys; hooks: what hooks cost; streams: 5,000 idle streams of either revision; tools: the
                    filter, OpenAPI and models; these alone when nothing else is named; listing, alone: only tools/list
  --cpu-prof DIR    write a CPU profile of the gateway to DIR`;

/**
 * @typedef {object} Options
 * @property {number} rounds
 * @property {number} heatUpMs before the first round, once for each row
 * @property {number} warmUpMs before each run
 * @property {number} measureMs
 * @property {number[]} connections
 * @property {boolean} strict
 * @property {readonly string[] | null} only
 * @property {string | null} profileDirectory
 */

/**
 * @param {readonly string[]} args
 * @returns {Options}
 * @throws TypeError for an unknown option
 */
export function readOptions(args) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      strict: { type: 'boolean', default: false },
      only: { type: 'string' },
      'cpu-prof': { type: 'string' },
    },
  });
  const extent = values.quick
    ? { rounds: 1, heatUpMs: 5_000, warmUpMs: 1_000, measureMs: 2_000, connections: [16] }
    : { rounds: 3, heatUpMs: 10_000, warmUpMs: 2_000, measureMs: 4_000, connections: [1, 16, 64] };
  const only = values.only?.split(',') ?? null;
  return { ...extent, strict: values.strict, only, profileDirectory: values['cpu-prof'] ?? null };
}
