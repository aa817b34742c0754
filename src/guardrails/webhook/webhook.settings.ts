import {
  IsInt,
  IsNotEmpty,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateBy,
  ValidateIf,
  type ValidationArguments,
} from 'class-validator';

const KIB = 1024;
const MOST_BYTES = 10 * KIB * KIB;
const SHORTEST_SECRET = 32;
const SECRET_RULE = `must be at least ${SHORTEST_SECRET} characters; make one with: openssl rand -hex 32`;

/** Settings of the guardrail `webhook`: either `url` and `secret`, or `server` and `tool`. */
export class WebhookSettings {
  /** Where questions are posted. */
  @ValidateIf((settings: WebhookSettings) => !asksTool(settings))
  @IsString({ message: 'is missing: this guardrail needs url and secret, or server and tool' })
  url?: string;

  /** Signs the questions. */
  @ValidateIf((settings: WebhookSettings) => !asksTool(settings))
  @MinLength(SHORTEST_SECRET, { message: SECRET_RULE })
  @IsString({ message: 'is missing: it signs the questions' })
  secret?: string;

  /** Signs them as well, while receivers change over from it. */
  @IsOptional()
  @IsString()
  @MinLength(SHORTEST_SECRET, { message: SECRET_RULE })
  previous_secret?: string;

  /** Id, alias or name of the MCP server whose tool is asked instead. */
  @ValidateIf(asksTool)
  @HasNone(['url', 'secret', 'previous_secret'])
  @IsNotEmpty()
  @IsString({ message: 'is missing: server and tool go together' })
  server?: string;

  /** Upstream name of that tool. */
  @ValidateIf(asksTool)
  @MaxLength(1024)
  @IsNotEmpty()
  @IsString({ message: 'is missing: server and tool go together' })
  tool?: string;

  /** A longer question is not asked, and the call is blocked. */
  @IsInt()
  @Min(KIB)
  @Max(MOST_BYTES)
  max_question_bytes = KIB * KIB;

  /** A longer answer is not read, and the call is blocked. */
  @IsInt()
  @Min(KIB)
  @Max(MOST_BYTES)
  max_answer_bytes = KIB * KIB;
}

function asksTool({ server, tool }: WebhookSettings): boolean {
  return server !== undefined || tool !== undefined;
}

/** None of these may stand beside the setting. */
function HasNone(names: readonly (keyof WebhookSettings)[]): PropertyDecorator {
  return ValidateBy({
    name: 'hasNone',
    validator: {
      validate: (_: unknown, context?: ValidationArguments) => {
        const settings = context?.object as WebhookSettings | undefined;
        return names.every((name) => settings?.[name] === undefined);
      },
      defaultMessage: () => `cannot stand beside ${names.join(', ')}: a tool or an HTTP service is asked, not both`,
    },
  });
}
