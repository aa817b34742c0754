import { nameOf } from './kinds.js';
import type { Plan, Step } from './plan.js';

/** What an import does, one line each, for people. Values are not shown: some are secrets. */
export function reportOf({ steps, notes, conflicts }: Plan): string[] {
  const counted = (does: Step['does']): number => steps.filter((step) => step.does === does).length;
  const summary =
    steps.length === 0
      ? 'Nothing to change.'
      : `${counted('create')} to make, ${counted('update')} to change, ${counted('delete')} to delete.`;
  return [
    ...steps.map(lineOf),
    ...notes.map((note) => `= ${note}`),
    ...conflicts.map((conflict) => `! ${conflict}`),
    summary,
  ];
}

function lineOf(step: Step): string {
  if (step.does === 'delete') return `- ${nameOf(step.kind, step.view)}`;
  const name = nameOf(step.entry.kind, step.entry.fields);
  return step.does === 'create' ? `+ ${name}` : `~ ${name}: ${Object.keys(step.fields).join(', ')}`;
}
