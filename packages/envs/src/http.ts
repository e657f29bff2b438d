export { replyJson, type HttpReply, type HttpRoute } from "./serve/http/http-messages.ts";
export {
  openHttpServer,
  type HttpServer,
  type HttpServerOptions,
} from "./serve/http/http-server.ts";
