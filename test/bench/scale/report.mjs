import { atMost, isDisturbed, median } from '../summary.mjs';
import { KEYS, SERVERS, TEAMS, TOOLS_PER_SERVER } from './population.mjs';

const TARGETS = {
  memoisedMicros: 5,
  coldMicros: 200,
  loadMs: 3_000,
  idleMiB: 400,
  /** Of a change among all keys to one among a hundredth of them. A cost that grew with the keys would be near 100. */
  changeRatio: 1.5,
};

/**
 * @param {Awaited<ReturnType<typeof import('./scale.mjs').measureScale>>} scale
 * @returns {ReturnType<typeof import('../summary.mjs').judge>}
 */
export function judgeScale(scale) {
  const { loadMs, isLoadDisturbed, idleMiB, changeRatio, changeCpuRatio, isChangeDisturbed, decisions } =
    figuresOf(scale);
  const most = (what, value, target, disturbed = false) =>
    atMost(`scale: ${what}`, { value, disturbed }, 'value', target);
  return [
    most('decision, remembered, µs', decisions.memoisedMicros, TARGETS.memoisedMicros),
    most('decision, cold, p50, µs', decisions.coldMicros, TARGETS.coldMicros),
    most('decision, cold, six levels of 1,000 servers, µs', decisions.widestServersMicros, TARGETS.coldMicros),
    most('decision, cold, six levels of 20,000 tools, µs', decisions.widestToolsMicros, TARGETS.coldMicros),
    most('load of the snapshot, ms', loadMs, TARGETS.loadMs, isLoadDisturbed),
    most('idle memory of the gateway, MiB', idleMiB, TARGETS.idleMiB),
    most(
      'one changed key against a world of 1,000 keys, p50, ratio',
      changeRatio,
      TARGETS.changeRatio,
      isChangeDisturbed,
    ),
    most('one changed key against a world of 1,000 keys, CPU, ratio', changeCpuRatio, TARGETS.changeRatio),
  ].filter(({ value }) => Number.isFinite(value));
}

/** All figures as lines of text. */
export function describeScale(scale) {
  const { few, all } = scale;
  const { decisions, ...figures } = figuresOf(scale);
  const change = (name, { changeP50Ms, changeP99Ms, changeCpuMs }) =>
    `  one changed key among ${name}: p50 ${fixed(changeP50Ms)} ms, p99 ${fixed(changeP99Ms)} ms, ` +
    `CPU ${fixed(changeCpuMs)} ms`;
  return [
    `scale: ${KEYS} keys, ${TEAMS} teams, ${SERVERS} servers, ${SERVERS * TOOLS_PER_SERVER} tools`,
    `  load: ${fixed(figures.loadMs)} ms, CPU ${fixed(figures.loadCpuMs)} ms, others used ` +
      `${fixed(figures.othersBusy)} cores; warm start ${fixed(all.startMs)} ms`,
    `  memory: heap of the snapshot ${fixed(figures.heapMiB)} MiB; gateway idle ${fixed(all.idleMiB)} MiB, ` +
      `after ${all.changes} changes ${fixed(all.changedMiB)} MiB; ` +
      `heap of the decisions when every key has called ${fixed(decisions.heapOfDecisionsMiB)} MiB`,
    `  decision: remembered ${fixed(decisions.memoisedMicros)} µs (of it the name among all tools ` +
      `${fixed(decisions.resolveMicros)} µs), cold p50 ${fixed(decisions.coldMicros)} µs, ` +
      `p99 ${fixed(decisions.coldP99Micros)} µs`,
    `  decision with six levels, cold: of 1,000 servers ${fixed(decisions.widestServersMicros)} µs, ` +
      `of 20,000 tools ${fixed(decisions.widestToolsMicros)} µs`,
    change('1,000', few),
    change('100,000', all),
  ].join('\n');
}

function figuresOf({ few, all, probes }) {
  const quiet = probes.filter((probe) => !isDisturbed(probe));
  const over = (name) => median((quiet.length > 0 ? quiet : probes).map((probe) => probe[name]));
  return {
    isLoadDisturbed: quiet.length === 0,
    othersBusy: over('othersBusy'),
    loadMs: over('loadMs'),
    loadCpuMs: over('loadCpuMs'),
    heapMiB: over('heapMiB'),
    idleMiB: all.idleMiB,
    isChangeDisturbed: isDisturbed(few) || isDisturbed(all),
    changeRatio: all.changeP50Ms / few.changeP50Ms,
    changeCpuRatio: all.changeCpuMs / few.changeCpuMs,
    decisions: Object.fromEntries(Object.keys(probes[0].decisions).map((name) => [name, decisionOf(probes, name)])),
  };
}

function decisionOf(probes, name) {
  return median(probes.map(({ decisions }) => decisions[name]));
}

function fixed(value) {
  if (value === null || !Number.isFinite(value)) return '?';
  return value.toFixed(value < 100 ? 1 : 0);
}
