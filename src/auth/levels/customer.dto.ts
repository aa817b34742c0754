import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { IsDisplayName, IsIdentityId, IsIdentityIdList } from './level-validators.js';
import { LevelFieldsDto } from './level.dto.js';

const EXAMPLE_ID = 'customer-4711';

/** What can be written to a customer. */
export class CustomerFieldsDto extends LevelFieldsDto {
  @ApiProperty({ example: EXAMPLE_ID, description: 'Id of the customer, as requests name it' })
  @IsIdentityId()
  user_id!: string;

  @ApiPropertyOptional({ type: String, nullable: true, example: 'ACME', description: 'Name for people' })
  @IsOptional()
  @IsDisplayName()
  alias?: string | null;
}

/** Body of `POST /customer/new`. */
export class NewCustomerDto extends CustomerFieldsDto {}

/** Body of `POST /customer/update`. */
export class UpdateCustomerDto extends CustomerFieldsDto {}

/** Body of the routes that act on several customers. */
export class CustomerIdsDto {
  @ApiProperty({ type: [String], example: [EXAMPLE_ID] })
  @IsIdentityIdList()
  user_ids!: string[];
}

/** Query of `GET /customer/info`. */
export class CustomerInfoQuery {
  @ApiProperty({ example: EXAMPLE_ID })
  @IsIdentityId()
  user_id!: string;
}
