import { IsIn } from 'class-validator';

const FIRST_USE = ['pin', 'block'] as const;

/** Settings of the guardrail `tool_pinning`. */
export class ToolPinningSettings {
  /** What happens to the tools of a server that nobody has looked at: they are pinned as they are, or wait. */
  @IsIn(FIRST_USE, { message: `must be one of ${FIRST_USE.join(', ')}` })
  first_use: (typeof FIRST_USE)[number] = 'pin';
}
