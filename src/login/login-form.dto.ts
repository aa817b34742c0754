import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';

/** The forms of the login pages. */
export class LoginFormDto {
  @ApiProperty({ description: 'Secret of the form.' })
  @IsString()
  @MaxLength(100)
  csrf!: string;

  @ApiProperty({ required: false, enum: ['allow', 'deny'], description: 'Of the page that asks for consent.' })
  @IsOptional()
  @IsIn(['allow', 'deny'])
  decision?: 'allow' | 'deny';

  @ApiProperty({ required: false, description: 'Virtual key, on the page that asks for one.' })
  @IsOptional()
  @IsString()
  @MaxLength(256)
  key?: string;
}
