import { Module } from '@nestjs/common';
import { GatehouseModule } from 'gatehouse';
import { RefundsModule } from './refunds.module.js';

const { SHOP_MASTER_KEY, SHOP_DATABASE_URL } = process.env;

/** The shop, with a gateway for its agents at /gatehouse. */
@Module({
  imports: [
    RefundsModule,
    GatehouseModule.register({
      path: '/gatehouse',
      // Left out: a generated key in .data/master-key, and a PostgreSQL of the gateway's own in .data.
      masterKey: SHOP_MASTER_KEY,
      databaseUrl: SHOP_DATABASE_URL,
      outboundAllow: ['127.0.0.0/8'],
    }),
  ],
})
export class AppModule {}
