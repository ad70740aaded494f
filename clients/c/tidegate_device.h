/*
 * A device of the Tidegate protocol, version 1: numbering, the log of frames without an ack, resending, window, commands, reconnecting.
 *
 * It opens no socket, reads no clock and allocates nothing. The caller gives memory, a log (tidegate_log.h) and hooks, tells it what
 * happened (received, closed, refused), and calls tg_device_poll. tidegate_socket.h is a transport for it; any WebSocket client will do.
 * Nothing here is reentrant: one thread, or the caller's lock.
 *
 * Time is `now_ms`, a count of ms that may wrap (millis()); it need not know the date. The gateway's clock is learnt from the welcome.
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

#define TG_WINDOW_MAX 64 /* frames in flight, whatever larger window is told: their state is one bit each */
#define TG_ACK_OVERDUE_MS 30000 /* */
#define TG_SILENCE_MS 75000 /* */
#define TG_CONNECT_MS 30000 /* from the start of an attempt to the welcome */
#define TG_HELD_MS 60000 /* a link that lived so long ends a row of failures, as does the first answer to a frame */
#define TG_SEQ_JUMP_MAX 16777216u /* N-7 */

/*
 * How the log's records are numbered: record `index` has the number `seq`, the next ones the next. `given` is the highest number ever
 * given, that is, sent; 0: none, which is a device without memory (N-4, N-15). Saved, it is that memory, and up to a window ahead: it is written
 * down before a burst is sent.
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
  TG_NEWS_NACKED, /* down; seq 0 where it is no numbered frame's */
  TG_NEWS_TIME, /* down */
  TG_NEWS_LOST, /* seq: of a record that the log could not give back, or that gave way to newer ones; 0 where it had no number yet */
  TG_NEWS_ENDED, /* ending: of the link, or the attempt */
  TG_NEWS_WAITING /* wait_ms until the next attempt */
} tg_news_type;

/* Something the caller may want to show. Pointers hold during the call. */
typedef struct {
  tg_news_type type;
  uint32_t seq;
  uint32_t wait_ms;
  const tg_down *down;
  const tg_ending *ending;
} tg_news;

typedef struct {
  void *context;
  /* Begins to connect; what comes of it is told by tg_device_received, _refused or _closed. False: failed at once. */
  bool (*connect)(void *context);
  /* Sends one WebSocket message, whole. False: no room at present; it is tried again at the next poll. `bytes` hold during the call. */
  bool (*send)(void *context, bool is_text, const uint8_t *bytes, size_t length);
  /*
   * Ends the link. Code 0: drop it at once, since the other side is not there; else send this close frame first. Nothing of that link may
   * be told to the device afterwards.
   */
  void (*close)(void *context, uint16_t code, const char *reason, size_t reason_length);
  /* 32 uniform random bits, different on every device: else a fleet comes back in one wave. */
  uint32_t (*random)(void *context);
  /* Writes the numbering down, durable on return, before numbers are given; once a burst. May be null: no memory over restarts. */
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
  /* For one frame: the largest that is appended; at least 20 + TG_OUTCOME_BYTES. */
  uint8_t *frame_memory;
  size_t frame_capacity;
  /* As it was saved; null: no memory. Its log must be the one that it was saved for. */
  const tg_numbering *numbering;
  /* JSON texts said on every link before any frame: hello, and the metric tables of all frames in the log. Must stay valid. */
  const char *const *introductions;
  uint8_t introduction_count;
  /* When the log is full: true drops the oldest frame (a gap in the numbers tells the gateway), false refuses the new one. */
  bool drop_oldest;
} tg_device_config;

typedef enum { TG_IDLE, TG_WAITING, TG_CONNECTING, TG_WELCOMED } tg_link_state;

/* All members are the library's own. */
typedef struct {
  tg_device_config config;
  tg_numbering numbering;
  uint32_t saved_given;
  tg_commands commands;
  tg_reconnect reconnect;
  tg_link_state state;
  uint32_t since_ms; /* of the state */
  uint32_t wait_ms;
  uint32_t heard_ms;
  uint32_t unacked_since_ms;
  uint32_t sent; /* records from the log's first on that were sent on this link */
  uint64_t settled; /* bits by place after the log's first: nacked or unreadable, never to be sent */
  uint16_t window;
  uint8_t introduced;
  uint32_t seen_ms; /* the newest now_ms */
  uint32_t uptime_shift_ms; /* makes the count of ms go on from the log's newest record */
  uint64_t server_now_ms; /* 0: unknown */
} tg_device;

/* False where the configuration cannot work: outcomes not 8-32, frame memory too small, a hook missing. It then connects at the first poll. */
bool tg_device_init(tg_device *device, const tg_device_config *config, uint32_t now_ms);

typedef enum { TG_APPENDED, TG_LOG_FULL, TG_FRAME_MALFORMED, TG_FRAME_TOO_LONG } tg_append_result;

/*
 * Takes a frame (tg_telemetry) into the log; its number is given when it is sent. A base above 0 is Unix ms. At or below 0 the last row is
 * -base ms old (up to 24 days): the frame is stamped with the device's count of ms, and sent with the gateway's time for it.
 * `frame` is changed.
 */
tg_append_result tg_device_append(tg_device *device, uint32_t now_ms, uint8_t *frame, size_t length);

/* Sends a frame at best effort: without number, log and ack (N-6). False where there is no link or no room. */
bool tg_device_send_unnumbered(tg_device *device, const uint8_t *frame, size_t length);

/* Sends a JSON text once, on this link. False where there is no link or no room. */
bool tg_device_say(tg_device *device, const char *text, size_t length);

/* Replaces the introductions. All are said (again) before any further frame, on this link too: so a new metric table precedes its frames. */
void tg_device_introduce(tg_device *device, const char *const *texts, uint8_t count);

/* Asks for the time (H-10); the answer is news. False where there is no link or no room. */
bool tg_device_ask_time(tg_device *device, uint32_t echo);

/* Unix ms by the gateway's clock; 0 where it was never heard. */
uint64_t tg_device_server_time_ms(const tg_device *device, uint32_t now_ms);

/*
 * Does what is due: connects, watches silence and acks, introduces, answers commands, sends frames. Returns in how many ms it has
 * something to do at the latest; call it then, and after every append, receipt, and when the transport has room again.
 */
uint32_t tg_device_poll(tg_device *device, uint32_t now_ms);

/* A whole message came. Text is ignored: a device that asked for tidegate.v1.binary is sent none. */
void tg_device_received(tg_device *device, uint32_t now_ms, bool is_text, const uint8_t *bytes, size_t length);

/* Something else came: a ping is a sign of life. */
void tg_device_heard(tg_device *device, uint32_t now_ms);

/* The upgrade was refused with an HTTP status. `retry_after_s` is 0 without the header. */
void tg_device_refused(tg_device *device, uint32_t now_ms, uint16_t status, uint32_t retry_after_s);

/* The link ended, or no connection came about: the close frame's code and reason, TG_CLOSE_NONE without one. */
void tg_device_closed(tg_device *device, uint32_t now_ms, uint16_t code, const char *reason, size_t reason_length);

/* Tries again now, where it waits or sleeps. */
void tg_device_connect_now(tg_device *device);

/* Closes 1000, told to be back in that time, and connects then. */
void tg_device_sleep(tg_device *device, uint32_t now_ms, uint32_t back_in_ms);

/* Closes 1000 and stays so until tg_device_connect_now. */
void tg_device_stop(tg_device *device, uint32_t now_ms);

/* Reports how a command goes on that its hook left TG_RUNNING. */
bool tg_device_update_command(tg_device *device, const uint8_t *id, tg_state state, const char *json, size_t json_length);

#ifdef __cplusplus
}
#endif

#endif
