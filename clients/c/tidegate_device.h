/*
 * A device of the Tidegate protocol, version 1: numbering, the log of frames without an ack, resending, window, commands, reconnecting.
 *
 * It opens no socket, reads no clock and allocates nothing. The caller provides memory, a log (tidegate_log.h) and hooks, reports what
 * happened (received, closed, refused), and calls tg_device_poll. tidegate_socket.h is a transport for it; any WebSocket client works too.
 * Nothing here is reentrant: use one thread, or a lock.
 *
 * Time is `now_ms`, a count of milliseconds that may wrap, such as millis(). It has no date; the device gets that from the welcome.
 */
#ifndef TIDEGATE_DEVICE_H
#define TIDEGATE_DEVICE_H

#include "tidegate_commands.h"
#include "tidegate_frame.h"
#include "tidegate_log.h"
#include "tidegate_reconnect.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TG_WINDOW_MAX 64 /* the most frames in flight, even if the gateway allows more: each has one bit of state */
#define TG_ACK_OVERDUE_MS 30000 /* */
#define TG_SILENCE_MS 75000 /* */
#define TG_CONNECT_MS 30000 /* from the start of an attempt to the welcome */
#define TG_HELD_MS 60000 /* a link of this age ends a row of failures, and so does the first answer to a frame */
#define TG_SEQ_JUMP_MAX 16777216u /* N-7 */

/*
 * How the log's records are numbered: record `index` has the seq `seq`, and each following record the next one. `given` is the highest
 * seq that was ever sent; 0 means none, or a device without memory (N-4, N-15). This struct is what a device with memory saves. It is saved before a
 * burst is sent, so the saved `given` may be up to a window ahead.
 */
typedef struct {
  uint32_t index;
  uint32_t seq;
  uint32_t given;
} tg_numbering;

typedef enum {
  TG_NEWS_CONNECTING,
  TG_NEWS_WELCOME, /* down */
  TG_NEWS_SENT, /* seq */
  TG_NEWS_ACKED, /* seq: every frame up to it is on disk, or was nacked */
  TG_NEWS_NACKED, /* down; its seq is 0 if the refused message had none */
  TG_NEWS_TIME, /* down */
  TG_NEWS_LOST, /* seq of a record that the log could not read, or that was dropped for newer ones; 0 if it had none yet */
  TG_NEWS_ENDED, /* ending: why the link or the attempt ended */
  TG_NEWS_WAITING /* wait_ms until the next attempt */
} tg_news_type;

/* An event that the caller may show. Its pointers are valid during the call only. */
typedef struct {
  tg_news_type type;
  uint32_t seq;
  uint32_t wait_ms;
  const tg_down *down;
  const tg_ending *ending;
} tg_news;

typedef struct {
  void *context;
  /* Begins to connect. The caller reports the result with tg_device_received, _refused or _closed. Returns false if it failed at once. */
  bool (*connect)(void *context);
  /* Sends one complete WebSocket message. Returns false if there is no room; the next poll tries again. `bytes` are valid during the call. */
  bool (*send)(void *context, bool is_text, const uint8_t *bytes, size_t length);
  /*
   * Ends the link. With code 0 drop it at once, because the other side does not answer; with another code send this close frame first.
   * Afterwards nothing of that link may be reported to the device.
   */
  void (*close)(void *context, uint16_t code, const char *reason, size_t reason_length);
  /* Returns 32 uniform random bits. They must differ between devices, or a whole fleet reconnects at the same moment. */
  uint32_t (*random)(void *context);
  /* Saves the numbering before each burst of frames, durable on return. May be null: then a restart forgets it. */
  void (*save_numbering)(void *context, const tg_numbering *numbering);
  /* May be null. It must not call back into the device. */
  void (*news)(void *context, const tg_news *news);
} tg_device_hooks;

typedef struct {
  const tg_device_hooks *hooks;
  const tg_command_hooks *command_hooks; /* null: every command is rejected, unknown_command */
  tg_outcome *outcomes;
  uint8_t outcome_count;
  tg_log *log;
  /* Memory for the largest frame that is appended; at least 20 + TG_OUTCOME_BYTES. */
  uint8_t *frame_memory;
  size_t frame_capacity;
  /* The numbering as it was saved, together with the same log; null for a device without memory. */
  const tg_numbering *numbering;
  /* JSON texts that are sent on every link before any frame: hello, and the metric tables of all frames in the log. They must stay valid. */
  const char *const *introductions;
  uint8_t introduction_count;
  /* When the log is full: true drops the oldest frame (the gateway sees a gap), false refuses the new frame. */
  bool drop_oldest;
} tg_device_config;

typedef enum { TG_IDLE, TG_WAITING, TG_CONNECTING, TG_WELCOMED } tg_link_state;

/* All members are private to the library. */
typedef struct {
  tg_device_config config;
  tg_numbering numbering;
  uint32_t saved_given;
  tg_commands commands;
  tg_reconnect reconnect;
  tg_link_state state;
  uint32_t since_ms; /* when the state began */
  uint32_t wait_ms;
  uint32_t heard_ms;
  uint32_t unacked_since_ms;
  uint32_t sent; /* how many records, from the log's first on, were sent on this link */
  uint64_t settled; /* one bit per record from the log's first on: it was nacked or is unreadable, and is never sent */
  uint16_t window;
  uint8_t introduced;
  uint32_t seen_ms; /* the newest now_ms */
  uint32_t uptime_shift_ms; /* added to the count of ms, so that it continues from the log's newest record */
  uint64_t server_now_ms; /* 0: unknown */
} tg_device;

/* Returns false if the configuration cannot work: outcomes not 8-32, frame memory too small, a hook missing. The device connects at the first poll. */
bool tg_device_init(tg_device *device, const tg_device_config *config, uint32_t now_ms);

typedef enum { TG_APPENDED, TG_LOG_FULL, TG_FRAME_MALFORMED, TG_FRAME_TOO_LONG } tg_append_result;

/*
 * Appends a frame (tg_telemetry) to the log; it gets its seq when it is first sent. A base above 0 is Unix ms. With a base at or below 0 the
 * last row is -base ms old, up to 24 days: the device keeps its own count of ms for it, and sends the gateway's time for that moment.
 * It changes `frame`.
 */
tg_append_result tg_device_append(tg_device *device, uint32_t now_ms, uint8_t *frame, size_t length);

/* Sends a frame at best effort: without seq, log and ack (N-6). Returns false if there is no link or no room. */
bool tg_device_send_unnumbered(tg_device *device, const uint8_t *frame, size_t length);

/* Sends a JSON text once, on this link. Returns false if there is no link or no room. */
bool tg_device_say(tg_device *device, const char *text, size_t length);

/* Replaces the introductions. All of them are sent before any further frame, on this link too, so a new metric table precedes its frames. */
void tg_device_introduce(tg_device *device, const char *const *texts, uint8_t count);

/* Asks for the time (H-10); the answer comes as news. Returns false if there is no link or no room. */
bool tg_device_ask_time(tg_device *device, uint32_t echo);

/* Unix ms by the gateway's clock; 0 before the first welcome. */
uint64_t tg_device_server_time_ms(const tg_device *device, uint32_t now_ms);

/*
 * Does what is due: connects, watches for silence and overdue acks, sends introductions, outcomes of commands and frames. Returns after how
 * many ms it must be called again at the latest. Call it also after every append, after every receipt, and when the transport has room again.
 */
uint32_t tg_device_poll(tg_device *device, uint32_t now_ms);

/* A complete message arrived. Text is ignored, because the gateway sends none with tidegate.v1.binary. */
void tg_device_received(tg_device *device, uint32_t now_ms, bool is_text, const uint8_t *bytes, size_t length);

/* Something else arrived, such as a ping, which shows that the link works. */
void tg_device_heard(tg_device *device, uint32_t now_ms);

/* The upgrade was refused with an HTTP status. `retry_after_s` is 0 without the header. */
void tg_device_refused(tg_device *device, uint32_t now_ms, uint16_t status, uint32_t retry_after_s);

/* The link ended, or the connection failed. Pass the close frame's code and reason, or TG_CLOSE_NONE without a close frame. */
void tg_device_closed(tg_device *device, uint32_t now_ms, uint16_t code, const char *reason, size_t reason_length);

/* Ends a wait or a sleep, and connects now. */
void tg_device_connect_now(tg_device *device);

/* Closes the link with 1000, announces when the device will be back, and connects then. */
void tg_device_sleep(tg_device *device, uint32_t now_ms, uint32_t back_in_ms);

/* Closes the link with 1000, and does not connect until tg_device_connect_now. */
void tg_device_stop(tg_device *device, uint32_t now_ms);

/* Reports progress or the end of a command for which the hook returned TG_RUNNING. */
bool tg_device_update_command(tg_device *device, const uint8_t *id, tg_state state, const char *json, size_t json_length);

#ifdef __cplusplus
}
#endif

#endif
