import {
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  NotContains,
} from 'class-validator';
import { Transform } from 'class-transformer';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from '../../config/jwt-signer-config.js';
import type { JsonObject } from '../../common/json.js';
import { LONGEST_TOKEN_LIFE_SECONDS } from '../../signing/key-schedule.js';
import { LacksMembers } from './lacks-members.js';

const CLAIM_SOURCE = /^(token:.+|(litellm|gatehouse):(user_id|email|end_user_id|team_id))$/;
const SOURCE_RULE =
  'must be a list of token:<claim>, gatehouse:user_id, gatehouse:email, gatehouse:end_user_id and gatehouse:team_id';
/** A token without these would be good for ever. */
const LIFETIME_CLAIMS = ['exp', 'iat', 'nbf'];

/** Settings of the guardrail `mcp_jwt_signer`. */
export class JwtSignerSettings {
  /** `iss`; missing: MCP_JWT_ISSUER, else the public URL of the gateway. */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  issuer?: string;

  /** `aud`; missing: MCP_JWT_AUDIENCE, else `mcp`. */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  audience?: string;

  /** Life of a token; missing: MCP_JWT_TTL_SECONDS, else 300. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(LONGEST_TOKEN_LIFE_SECONDS)
  ttl_seconds?: number;

  /** Of the key that is generated. */
  @IsIn(SIGNING_ALGORITHMS)
  algorithm: SigningAlgorithm = 'RS256';

  /** OpenID Connect discovery document of the issuer of incoming tokens. */
  @IsOptional()
  @IsString()
  access_token_discovery_uri?: string;

  /** RFC 7662, for incoming tokens that are no JWT. */
  @IsOptional()
  @IsString()
  token_introspection_endpoint?: string;

  @IsOptional()
  @IsString()
  @NotContains(':', { message: 'must not hold a colon' })
  introspection_client_id?: string;

  @IsOptional()
  @IsString()
  introspection_client_secret?: string;

  @IsOptional()
  @IsString()
  @IsNotEmpty()
  verify_issuer?: string;

  @IsOptional()
  @IsString()
  @IsNotEmpty()
  verify_audience?: string;

  /** Where `sub` comes from; the first that has a value. */
  @IsArray({ message: SOURCE_RULE })
  @ArrayNotEmpty()
  @Matches(CLAIM_SOURCE, { each: true, message: SOURCE_RULE })
  end_user_claim_sources: string[] = ['token:sub', 'litellm:user_id'];

  /** Only where the token has no such claim. */
  @IsObject()
  @LacksMembers(LIFETIME_CLAIMS)
  add_claims: JsonObject = {};

  /** In any case. */
  @IsObject()
  @LacksMembers(LIFETIME_CLAIMS)
  set_claims: JsonObject = {};

  /** At last. */
  @IsArray()
  @IsString({ each: true })
  @LacksMembers(LIFETIME_CLAIMS)
  remove_claims: string[] = [];

  /** The incoming token must have them. */
  @IsArray()
  @IsString({ each: true })
  required_claims: string[] = [];

  /** Copied from the incoming token. */
  @IsArray()
  @IsString({ each: true })
  @LacksMembers(LIFETIME_CLAIMS)
  optional_claims: string[] = [];

  /** Audience of a second token, in `x-mcp-channel-token`; missing: there is none. */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  channel_token_audience?: string;

  /** Life of the second token; missing: as the first. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(LONGEST_TOKEN_LIFE_SECONDS)
  channel_token_ttl?: number;

  /** Takes the place of the scope that is computed. */
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.split(' ') : value))
  @IsArray()
  @Matches(/^[\x21\x23-\x5b\x5d-\x7e]+$/, { each: true, message: 'must be a list of scopes' })
  allowed_scopes?: string[];

  /** Adds `x-litellm-mcp-debug`, which tells what was signed. */
  @IsBoolean()
  debug_headers = false;
}
