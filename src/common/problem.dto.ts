import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ERROR_CODES } from './error-codes.js';

/** One field fault in the API document. */
export class FieldFaultDto {
  @ApiProperty({ example: 'object_permission.mcp_servers.0', description: 'Dotted path of the field' })
  path!: string;

  @ApiProperty({ example: 'must be a string', description: 'What to do about it' })
  message!: string;
}

/** RFC 9457 problem document in the API document. */
export class ProblemDto {
  @ApiProperty({ example: 'urn:gatehouse:error:invalid_request' })
  type!: string;

  @ApiProperty({ example: 'The request is not valid' })
  title!: string;

  @ApiProperty({ example: 400 })
  status!: number;

  @ApiProperty({ example: 'Some fields are not valid; see "errors".' })
  detail!: string;

  @ApiProperty({ enum: Object.keys(ERROR_CODES), enumName: 'ErrorCode', example: 'invalid_request' })
  code!: string;

  @ApiProperty({ example: '6f7c2f0e-54cd-4a0f-9a4a-0f4b8d1a2f11' })
  requestId!: string;

  @ApiPropertyOptional({ description: 'Where somebody can do what is missing: give an approval, for instance' })
  setupUrl?: string;

  @ApiPropertyOptional({ type: [FieldFaultDto] })
  errors?: FieldFaultDto[];
}
