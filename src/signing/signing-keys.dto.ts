import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsOptional } from 'class-validator';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from '../config/jwt-signer-config.js';
import type { KeyState } from './key-schedule.js';
import type { KeyDescription } from './signing-keys.js';

/** Body of a rotation. */
export class RotateKeysDto {
  @ApiProperty({ required: false, default: false, description: 'Remove the old keys now, without overlap.' })
  @IsOptional()
  @IsBoolean()
  immediately?: boolean;
}

/** One key. */
export class SigningKeyView {
  @ApiProperty({ example: '3f9a1c0d5e7b2a48' })
  kid!: string;

  @ApiProperty({ enum: SIGNING_ALGORITHMS })
  algorithm!: SigningAlgorithm;

  @ApiProperty({ enum: ['next', 'current', 'previous'] })
  state!: KeyState;

  @ApiProperty({ type: String, nullable: true, description: 'null for the key of MCP_JWT_SIGNING_KEY.' })
  created_at!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'When it begins to sign.' })
  signs_from!: string | null;
}

/** Every published key. */
export class SigningKeyListView {
  @ApiProperty({ type: [SigningKeyView] })
  keys!: SigningKeyView[];
}

/** A key as the API shows it. */
export function toKeyView({ kid, algorithm, state, createdAt, signsFrom }: KeyDescription): SigningKeyView {
  return { kid, algorithm, state, created_at: isoOf(createdAt), signs_from: isoOf(signsFrom) };
}

function isoOf(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
