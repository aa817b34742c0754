import { IsIn, IsInt, Max, Min } from 'class-validator';

export const LIMIT_ACTIONS = ['block', 'truncate'] as const;

/** Settings of the guardrail `result_limits`. */
export class ResultLimitsSettings {
  /** Of the result as JSON in UTF-8. */
  @IsInt({ message: 'must be a whole number of bytes' })
  @Min(1024, { message: 'must be at least 1024' })
  @Max(10_485_760, { message: 'must be at most 10485760' })
  max_bytes = 1_048_576;

  /** Items of `content`. */
  @IsInt({ message: 'must be a whole number' })
  @Min(1, { message: 'must be at least 1' })
  @Max(1_000_000, { message: 'must be at most 1000000' })
  max_items = 1000;

  /** Containers within containers, anywhere in the result. */
  @IsInt({ message: 'must be a whole number' })
  @Min(4, { message: 'must be at least 4' })
  @Max(64, { message: 'must be at most 64' })
  max_depth = 32;

  /** `truncate` cuts texts and leaves items out; what cannot be cut is refused all the same. */
  @IsIn(LIMIT_ACTIONS, { message: `must be ${LIMIT_ACTIONS.join(' or ')}` })
  action: (typeof LIMIT_ACTIONS)[number] = 'block';
}
