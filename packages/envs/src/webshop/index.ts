export { compactShopFormat, compactShopMarkers } from "./agent/compact-format.ts";
export { compactObservation, type CompactOptions } from "./agent/compact-observation.ts";
export {
  isAdmissibleShopAction,
  parseStrictShopAction,
  parseTaggedShopAction,
} from "./agent/parse-response.ts";
export { reactExample } from "./agent/react-example.ts";
export { reactShopFormat } from "./agent/react-format.ts";
export { reactObservation } from "./agent/react-observation.ts";
export {
  anySearch,
  readGoalIndex,
  goalTaskId,
  shopEnvironment,
  shopEnvironmentFactory,
  type ShopEnvironment,
  type ShopEnvironmentOptions,
  type ShopStepResult,
} from "./agent/shop-environment.ts";
export { shopOracle, type ShopDemonstrator, type ShopOracleOptions } from "./agent/shop-oracle.ts";
export { shopSearcher, type ShopSearcherOptions } from "./agent/shop-searcher.ts";
export { shopTasks, type ShopTasks } from "./agent/shop-tasks.ts";
export { shopTools } from "./agent/shop-tools.ts";
export { verlAgentShopFormat } from "./agent/verl-agent-format.ts";
export { CatalogueError } from "./catalogue/catalogue-error.ts";
export { createCatalogue, type Catalogue } from "./catalogue/catalogue.ts";
export type { GoalFacts } from "./catalogue/goal-facts.ts";
export {
  textToIndex,
  type HumanInstruction,
  type Product,
  type ProductOption,
  type SyntheticInstruction,
} from "./catalogue/product.ts";
export { readCatalogue, readProducts, type CatalogueFiles } from "./catalogue/read-products.ts";
export { buildStoredCatalogue, openStoredCatalogue } from "./catalogue/stored-catalogue.ts";
export { numGoalOptions, type Goal, type GoalOptions } from "./goals/goal.ts";
export { goalSplit, goalSplitNames, type GoalSplitScheme } from "./goals/goal-splits.ts";
export { type GoalKind, type GoalTable } from "./goals/goal-table.ts";
export { subPages, type Page, type PageNode, type SubPage } from "./pages/page.ts";
export { NumpyRandom } from "../python/numpy-random.ts";
export { PythonRandom } from "./python/python-random.ts";
export { readTitleNouns } from "./reward/read-title-nouns.ts";
export {
  shoppingReward,
  type Purchase,
  type RewardDetails,
  type ShoppingReward,
} from "./reward/shopping-reward.ts";
export { guessTitleNouns, type TitleNouns } from "./reward/title-nouns.ts";
export { referenceRewardInfo, type ReferenceRewardInfo } from "./reward/reference-reward-info.ts";
export { tokenSetRatio } from "./reward/token-set-ratio.ts";
export { analyze } from "./search/analyze.ts";
export {
  memoryPostings,
  SearchIndexBuilder,
  type PostingsSource,
  type SearchIndex,
  type TermEntry,
} from "./search/search-index.ts";
export { Searcher, type Hit } from "./search/searcher.ts";
export {
  JoinedObservations,
  type JoinedObservationsOptions,
} from "./session/joined-observations.ts";
export { Shop, type SearchResult, type ShopOptions } from "./session/shop.ts";
export {
  ShopSession,
  type ActionResult,
  type AvailableActions,
  type ObservationMode,
} from "./session/shop-session.ts";
export { embeddedShop } from "./generator/embedded-shop.ts";
export { generateProducts, type GenerateProductsOptions } from "./generator/generate-products.ts";
export { serveShop, type ShopServer } from "./site/serve-shop.ts";
export {
  ShopSite,
  type ShopSiteOptions,
  type SiteRequest,
  type SiteResponse,
} from "./site/shop-site.ts";
export { openCatalogue, openShop, type ShopSourceOptions } from "./open-shop.ts";
export {
  exchangeableWords,
  openWebshopTasks,
  webshopTasksSchema,
  type WebshopTasks,
} from "./webshop-tasks.ts";
