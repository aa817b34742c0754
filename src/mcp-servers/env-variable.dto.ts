import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length, MaxLength } from 'class-validator';
import { ENV_SCOPES, type EnvScope, type EnvVariable } from './env-variables.js';

const MAX_NAME = 256;
const MAX_TEXT = 8192;
const MAX_VALUE = 16 * 1024;

/** A variable that static headers can use as `${NAME}`. */
export class EnvVariableDto implements EnvVariable {
  @ApiProperty({ example: 'TENANT' })
  @IsString()
  @Length(1, MAX_NAME)
  name!: string;

  @ApiPropertyOptional({ example: 'acme', default: '', description: 'Stored encrypted. Empty for the scope `user`' })
  @IsString()
  @MaxLength(MAX_VALUE)
  value: string = '';

  @ApiPropertyOptional({ enum: ENV_SCOPES, default: 'global', description: '`user`: each user stores an own value' })
  @IsIn(ENV_SCOPES, { message: `must be one of ${ENV_SCOPES.join(', ')}` })
  scope: EnvScope = 'global';

  @ApiPropertyOptional({ type: String, nullable: true, example: 'Your tenant' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_TEXT)
  description: string | null = null;
}
