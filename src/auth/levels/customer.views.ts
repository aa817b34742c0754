import { ApiProperty } from '@nestjs/swagger';
import type { CustomerEntity } from './customer.entity.js';
import { LevelView, toLevelView } from './level.views.js';

/** A customer as it is shown. */
export class CustomerView extends LevelView {
  @ApiProperty({ example: 'customer-4711' })
  user_id!: string;

  @ApiProperty({ type: String, nullable: true, example: 'ACME' })
  alias!: string | null;
}

/** Answer of `POST /customer/block`. */
export class BlockedCustomersView {
  @ApiProperty({ type: [CustomerView] })
  blocked_users!: CustomerView[];
}

/** Answer of `POST /customer/unblock`. */
export class UnblockedCustomersView {
  @ApiProperty({ type: [CustomerView] })
  unblocked_users!: CustomerView[];
}

/** Answer of `POST /customer/delete`. */
export class DeletedCustomersView {
  @ApiProperty({ type: [String], description: 'Ids of the customers that are refused from now on' })
  deleted_customers!: readonly string[];
}

/** What is shown of a stored customer. */
export function toCustomerView(customer: CustomerEntity): CustomerView {
  return { user_id: customer.id, alias: customer.alias, ...toLevelView(customer) };
}
