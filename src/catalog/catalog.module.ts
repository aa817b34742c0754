import { Module } from '@nestjs/common';
import { HooksModule } from '../hooks/hooks.module.js';
import { McpServersModule } from '../mcp-servers/mcp-servers.module.js';
import { UpstreamModule } from '../upstream/upstream.module.js';
import { CatalogService } from './catalog.service.js';
import { ListingService } from './listing.service.js';
import { OfferCatalog } from './offer-catalog.js';
import { OfferListingService } from './offer-listing.service.js';
import { OfferResolver } from './offer-resolver.js';
import { PublicNames } from './public-names.js';
import { ToolResolver } from './tool-resolver.js';

/** What the upstreams offer, and under which names. */
@Module({
  imports: [HooksModule, McpServersModule, UpstreamModule],
  providers: [
    CatalogService,
    PublicNames,
    ToolResolver,
    ListingService,
    OfferCatalog,
    OfferListingService,
    OfferResolver,
  ],
  exports: [
    CatalogService,
    OfferCatalog,
    PublicNames,
    ToolResolver,
    ListingService,
    OfferListingService,
    OfferResolver,
  ],
})
export class CatalogModule {}
