#include <curl/curl.h>
#include <string.h>

/* Swift calls no functions with a variable number of arguments. */
static inline CURLcode mail_set_number(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode mail_set_text(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode mail_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline long mail_reply_code(CURL *handle) {
    long code = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &code);
    return code;
}

/* A mail on its way, and what its server said it can do. */
struct mail_transfer {
    const char *bytes;
    size_t left;
    int needs_utf8;     /* the mail has an address beyond ASCII (RFC 6531) */
    int offers_utf8;    /* the server takes such */
};

static inline size_t mail_read(char *to, size_t size, size_t count, void *context) {
    struct mail_transfer *transfer = (struct mail_transfer *)context;
    /* Asked for only after the server's greeting is known, and before anything of the mail was sent. */
    if (transfer->needs_utf8 && !transfer->offers_utf8) return CURL_READFUNC_ABORT;
    size_t length = size * count < transfer->left ? size * count : transfer->left;
    memcpy(to, transfer->bytes, length);
    transfer->bytes += length;
    transfer->left -= length;
    return length;
}

static inline size_t mail_hear(char *line, size_t size, size_t count, void *context) {
    struct mail_transfer *transfer = (struct mail_transfer *)context;
    if (size * count >= 12 && strncmp(line, "250", 3) == 0 && strncasecmp(line + 4, "SMTPUTF8", 8) == 0)
        transfer->offers_utf8 = 1;
    return size * count;
}

/* Asked about once a second whether the transfer is still wanted; any answer but 0 ends it. */
static inline CURLcode mail_set_watch(CURL *handle, curl_xferinfo_callback watch, void *context) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, watch);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_XFERINFODATA, context);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    return code;
}

/* Whatever the server says is for mail_hear alone; nothing of it is printed. */
static inline size_t mail_drop(char *bytes, size_t size, size_t count, void *context) {
    (void)bytes; (void)context;
    return size * count;
}

static inline CURLcode mail_set_transfer(CURL *handle, struct mail_transfer *transfer) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_READFUNCTION, mail_read);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_READDATA, transfer);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, mail_hear);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_HEADERDATA, transfer);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, mail_drop);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, (curl_off_t)transfer->left);
    return code;
}

/* What a web server answers, as far as there is room; an answer that needs more is an error. */
struct web_answer {
    void *bytes;
    size_t length;
    size_t room;
};

static inline size_t web_keep(char *bytes, size_t size, size_t count, void *context) {
    struct web_answer *answer = (struct web_answer *)context;
    if (size * count > answer->room - answer->length) return 0;
    memcpy((char *)answer->bytes + answer->length, bytes, size * count);
    answer->length += size * count;
    return size * count;
}

static inline CURLcode web_post(CURL *handle, const void *bytes, size_t length, struct web_answer *answer) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_POSTFIELDS, (const char *)bytes);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, web_keep);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_WRITEDATA, answer);
    return code == CURLE_OK ? curl_easy_perform(handle) : code;
}

static inline const char *web_content_type(CURL *handle) {
    const char *type = NULL;
    curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
    return type;
}
